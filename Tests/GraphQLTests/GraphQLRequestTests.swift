import GraphQL
import JSON
import Testing

@Suite struct GraphQLRequestTests {
    private static let schema = Result {
        try GraphQLSchema(
            """
            scalar LongString
            enum Colour { RED GREEN }
            input Wanted { id: String ids: [String] count: Int long: LongString colour: Colour flag: Boolean }
            type Query { item(input: Wanted): Item items: [Item!] }
            type Item { id: String next: Item value: Float names: [String] broken: String }
            """
        )
    }

    /// An item that leads to others without end, and repeats what it was asked with as its id.
    private struct Thing: GraphQLObject {
        var typeName = "Query"
        var id = "start"

        struct Broken: Error {}

        func value(of field: GraphQLSelection) throws -> GraphQLOutput {
            switch field.name {
            case "item":
                var writer = JSONWriter()
                (field.arguments["input"] ?? .null).write(to: &writer) { $0.uppercased() }
                return .object(Thing(typeName: "Item", id: String(decoding: writer.bytes, as: UTF8.self)))
            case "items":
                return .objects { write in
                    for id in ["a", "b"] { try write(Thing(typeName: "Item", id: id)) }
                }
            case "id": return .text(id)
            case "next": return .object(Thing(typeName: "Item", id: id + "+"))
            case "value": return .number(id == "a" ? .nan : 0.5)
            case "names": return .texts([id])
            default: throw Broken()
            }
        }
    }

    /// The data of the answer, or the whole answer if it has errors.
    private func answer(
        _ query: String,
        _ variables: String = "null",
        operation: String? = nil,
        limits: GraphQLLimits = GraphQLLimits()
    ) throws -> String {
        let json = try JSONDocument(parsing: Array(variables.utf8))
        let request = try GraphQLRequest(
            query,
            operationName: operation,
            variables: json.root,
            schema: try Self.schema.get(),
            limits: limits
        )
        let answer = try request.answer(from: Thing()) { $0 is Thing.Broken ? "it is broken" : nil }
        let text = String(decoding: answer, as: UTF8.self)
        let (begin, end) = (#"{"data":"#, #","errors":null}"#)
        guard text.hasPrefix(begin), text.hasSuffix(end) else { return text }
        return String(text.dropFirst(begin.count).dropLast(end.count))
    }

    private func refusal(
        _ query: String,
        _ variables: String = "null",
        limits: GraphQLLimits = GraphQLLimits()
    ) -> String {
        do {
            return "answered: " + (try answer(query, variables, limits: limits))
        } catch let error as GraphQLError {
            return error.message
        } catch {
            return "\(error)"
        }
    }

    @Test(
        arguments: [
            ("{items{id}}", #"{"items":[{"id":"a"},{"id":"b"}]}"#),
            (
                "query Q @component(name:\"x\") { a: items { __typename } }",
                #"{"a":[{"__typename":"Item"},{"__typename":"Item"}]}"#
            ),
            ("{items{value}}", #"{"items":[{"value":null},{"value":0.5}]}"#),
            ("{item{next{next{id names}}}}", #"{"item":{"next":{"next":{"id":"null++","names":["null++"]}}}}"#),
            ("{...F} fragment F on Query{items{id}}", #"{"items":[{"id":"a"},{"id":"b"}]}"#),
            ("{item{...{id}... on Item{id} id}}", #"{"item":{"id":"null"}}"#),
            ("{item{next{id}next{names}}}", #"{"item":{"next":{"id":"null+","names":["null+"]}}}"#),
            ("{item{id @skip(if:true) names @include(if:true)}}", #"{"item":{"names":["null"]}}"#),
            ("{item{broken id}}", #"{"data":{"item":{"broken":null,"id":"null"}},"errors":["it is broken"]}"#),
            ("\u{FEFF}# note\n{,item,{,id,},}", #"{"item":{"id":"null"}}"#),
        ]
    )
    func `answers what is asked and nothing else`(query: String, expected: String) throws {
        #expect(try answer(query) == expected)
    }

    @Test(
        arguments: [
            ("{id:\"a\\u00e9\\n\\u{1F600}\\ud83d\\ude00\"}", #"{\"ID\":\"aé\\n😀😀\"}"#),
            ("{ids:\"one\"}", #"{\"IDS\":[\"one\"]}"#), ("{ids:[\"a\" null]}", #"{\"IDS\":[\"a\",null]}"#),
            ("{count:-3}", #"{\"COUNT\":-3}"#), ("{long:9007199254740993}", #"{\"LONG\":9007199254740993}"#),
            ("{colour:RED}", #"{\"COLOUR\":\"RED\"}"#), ("{flag:true id:null}", #"{\"FLAG\":true}"#),
        ]
    )
    func `reads values in a query`(value: String, expected: String) throws {
        #expect(try answer("{item(input:\(value)){id}}") == #"{"item":{"id":"\#(expected)"}}"#)
    }

    @Test func `reads variables and their defaults`() throws {
        let query = "query Q($w: Wanted! $c: Int = 7) {item(input:$w){id} b: item(input:{count:$c}){id}}"
        let expected = #"{"item":{"id":"{\"COUNT\":2}"},"b":{"id":"{\"COUNT\":7}"}}"#
        #expect(try answer(query, #"{"w":{"count":2.0},"other":1}"#) == expected)
    }

    @Test func `carries out the operation that is named`() throws {
        let query = "query A {items{id}} query B {__typename}"
        #expect(try answer(query, operation: "B") == #"{"__typename":"Query"}"#)
        #expect(refusal(query) == "Must provide operation name if query contains multiple operations.")
    }

    @Test(
        arguments: [
            ("", "Syntax error"), ("{", "Syntax error"), ("{}", "Syntax error"), ("{item(}", "Syntax error"),
            ("{item(input:{id:\"})}", "Syntax error"), ("{item(input:{count:01})}", "Syntax error"),
            ("{item(input:{id:\"\\ud800\"}){id}}", "Syntax error"), ("{\u{0}}", "Syntax error"),
            ("{é}", "Syntax error"),
            ("{item(input:{id:\"\"\"x\"\"\"}){id}}", "Syntax error"), ("{a{...on}}", "Syntax error"),
            ("mutation{x}", "This server answers only queries"),
            ("subscription{x}", "This server answers only queries"),
            ("{nope}", "Cannot query field 'nope' on type 'Query'."), ("{__schema{types{name}}}", "Cannot query field"),
            ("{item}", "must have a selection"), ("{item{id{x}}}", "has no fields to select"),
            ("{item(nope:1){id}}", "Unknown argument 'nope'"), ("{item(input:{nope:1}){id}}", "is not defined by type"),
            ("{item(input:{count:9999999999}){id}}", "not of type Int"),
            ("{item(input:{id:1}){id}}", "not of type String"),
            ("{item(input:{colour:BLUE}){id}}", "not of type Colour"), ("{item(input:$x){id}}", "'$x' is not defined"),
            ("query($x:Wanted!){item(input:$x){id}}", "was not provided"),
            ("query($x:Int){item(input:$x){id}}", "is used where the type 'Wanted' is expected"),
            ("query($x:Item){item{id}}", "not an input type"), ("{...F}", "Unknown fragment 'F'"),
            ("{...F} fragment F on Item{id}", "can never be of type"),
            ("{...F} fragment F on Gone{id}", "Unknown type"),
            ("{...F} fragment F on Query{...F}", "spreads itself"),
            (
                "{...F} fragment F on Query{item{...G}} fragment G on Item{next{...H}} fragment H on Item{...G}",
                "itself"
            ),
            ("{a:item{id} a:items{id}}", "differ"), ("{item{id} item(input:{id:\"x\"}){id}}", "differ"),
            ("fragment F on Query{items{id}}", "no operation"), ("{item{id @skip}}", "needs the argument 'if'"),
        ]
    )
    func `refuses with a sentence`(query: String, part: String) {
        let refusal = refusal(query)
        #expect(refusal.contains(part), "\(refusal)")
    }

    @Test func `is not impressed by depth`() {
        let deep = { (levels: Int) in
            "{item" + String(repeating: "{next", count: levels) + "{id}" + String(repeating: "}", count: levels + 1)
        }
        #expect(refusal(deep(7)).hasPrefix("answered"))
        #expect(refusal(deep(9)).contains("levels of fields deep"))
        #expect(refusal(deep(5_000)).contains("brackets are nested"))
        let list = "{item(input:{ids:" + String(repeating: "[", count: 20_000) + "})}"
        #expect(refusal(list).contains("brackets are nested"))
        let type = "query($x:" + String(repeating: "[", count: 20_000) + "){items{id}}"
        #expect(refusal(type).contains("brackets are nested"))
    }

    @Test func `is not impressed by width`() {
        let fields = String(repeating: "id ", count: 1_001)
        #expect(refusal("{item{\(fields)}}").contains("selects more than 1000 fields"))
        let aliases = (0..<11).map { "a\($0):id" }.joined(separator: " ")
        #expect(refusal("{item{\(aliases)}}").contains("11 aliases"))
        #expect(refusal("{" + String(repeating: "items{id} ", count: 11) + "}").contains("11 root fields"))
        #expect(refusal("{items{id}}" + String(repeating: " ", count: 70_000)).contains("more than 65536 bytes"))
        let values = String(repeating: "\"\" ", count: 10_001)
        #expect(refusal("{item(input:{ids:[\(values)]}){id}}").contains("more than 10000 values"))
        let fragments = (0..<101).map { "fragment F\($0) on Item{id}" }.joined()
        #expect(refusal("{items{id}}" + fragments).contains("more than 100 operations and fragments"))
    }

    @Test func `fragments that spread each other twice do not multiply`() {
        // Each doubles the one before: 2 to the power of 40 fields, if they were spread one by one.
        let fragments = (0..<40).map { "fragment F\($0) on Item{...F\($0 + 1) ...F\($0 + 1)}" }.joined()
        #expect(
            refusal("{item{...F0}}" + fragments + "fragment F40 on Item{id}") == #"answered: {"item":{"id":"null"}}"#
        )
        let nested = (0..<9).map { "fragment F\($0) on Item{a:next{...F\($0 + 1)} b:next{...F\($0 + 1)}}" }.joined()
        #expect(refusal("{item{...F0}}" + nested + "fragment F9 on Item{id}").contains("deep"))
    }

    @Test func `ends an answer that grows too long`() {
        var limits = GraphQLLimits()
        limits.answerBytes = 10
        #expect(refusal("{items{id}}", limits: limits).contains("ask for fewer objects"))
    }
}
