import GraphQL
import JSON

/// Reads the fuzzer's input as a query with variables, answers it within small limits, and holds the answer against the
/// query.
///
/// The variables stand behind the first NUL.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzGraphQL(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let query = String(decoding: parts.first.map { Array($0) } ?? [], as: UTF8.self)
    let variables = parts.dropFirst().first.flatMap { try? JSONDocument(parsing: Array($0)) }?.root
    let request: GraphQLRequest
    do throws(GraphQLError) {
        request = try GraphQLRequest(
            query,
            operationName: nil,
            variables: variables,
            schema: fixed.schema,
            limits: limits
        )
    } catch {
        precondition(!error.message.isEmpty, "a refusal says nothing")
        precondition(error.message.utf8.count < 2_000, "a refusal repeats what was sent")
        return 0
    }
    precondition(query.utf8.count <= limits.queryBytes, "too long a query is taken")
    check(request)
    return 0
}

/// Small, so that the fuzzer meets them.
private let limits: GraphQLLimits = {
    var limits = GraphQLLimits()
    (limits.queryBytes, limits.depth, limits.selectionCount, limits.stepCount) = (2_048, 6, 60, 200)
    (limits.answerBytes, limits.inputValueCount) = (4_096, 50)
    return limits
}()

/// A schema with types and arguments of each kind.
private final class Fixed: Sendable {
    let schema: GraphQLSchema

    init() {
        let text = """
            scalar LongString
            enum Colour { RED GREEN }
            input Wanted { id: String ids: [String] count: Int long: LongString colour: Colour flag: Boolean part: Wanted must: Float! }
            type Query { item(input: Wanted): Item items(first: Int): [Item!] }
            type Item { id: String next: Item value: Float names: [String] broken: String }
            """
        guard let schema = try? GraphQLSchema(text) else { preconditionFailure("the schema cannot be read") }
        self.schema = schema
    }
}

private let fixed = Fixed()

private struct Broken: Error {}

/// An item that leads to others without end, and says with what it was asked.
private struct Thing: GraphQLObject {
    var typeName = "Query"
    var id = "start"

    func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "item":
            var writer = JSONWriter()
            (field.arguments["input"] ?? .null).write(to: &writer) { $0.uppercased() }
            let input = writer.takeBytes()
            precondition((try? JSONDocument(parsing: input)) != nil, "an input is written as no JSON")
            return .object(Thing(typeName: "Item", id: String(decoding: input, as: UTF8.self)))
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

private func check(_ request: GraphQLRequest) {
    let bytes: [UInt8]
    do {
        bytes = try request.answer(from: Thing()) { $0 is Broken ? "it is broken" : nil }
    } catch {
        precondition(error is GraphQLError, "ended by \(error)")
        return
    }
    // The last value may go beyond the limit.
    precondition(bytes.count <= 2 * limits.answerBytes + 8 * limits.queryBytes, "an answer of \(bytes.count) bytes")
    guard let answer = try? JSONDocument(parsing: bytes) else { preconditionFailure("the answer is no JSON") }
    precondition(answer.root.members.map(\.key) == ["data", "errors"], "an answer has two members")
    compare(answer.root.members[0].value, request.selections, depth: 1)
}

/// An object has the fields that were asked for, in their order, and no others.
private func compare(_ object: JSONValue, _ selections: [GraphQLSelection], depth: Int) {
    precondition(depth <= limits.depth, "deeper than allowed")
    precondition(object.members.map(\.key) == selections.map(\.responseKey), "other fields than were asked for")
    for (member, selection) in zip(object.members, selections) {
        switch member.value.kind {
        case .object: compare(member.value, selection.selections, depth: depth + 1)
        case .array where !selection.selections.isEmpty:
            for element in member.value.elements { compare(element, selection.selections, depth: depth + 1) }
        default: break
        }
    }
}
