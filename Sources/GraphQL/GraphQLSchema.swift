/// The types of the objects and arguments, read from a text in GraphQL's schema language.
package struct GraphQLSchema: Sendable {
    /// A type that has fields.
    struct ObjectType: Sendable {
        var name: String
        var fields: [String: Field] = [:]
    }

    /// The type of a field, and the types of its arguments.
    struct Field: Sendable {
        var type: TypeReference
        var arguments: [String: TypeReference] = [:]
    }

    private(set) var objects: [String: ObjectType] = [:]
    private(set) var inputs: [String: [String: TypeReference]] = [:]
    private(set) var enumerations: [String: Set<String>] = [:]
    private(set) var scalars: Set<String> = ["Boolean", "Float", "ID", "Int", "String"]

    /// The type with the fields of the first level of a query.
    static let root = "Query"

    /// Reads `type`, `input`, `enum` and `scalar` definitions.
    ///
    /// - Throws: the first error in the text. The text is a part of the program, so an error in it is a bug of the program.
    package init(_ text: String) throws(GraphQLError) {
        var parser = try Parser(text, GraphQLLimits())
        while parser.token != .end { try readDefinition(&parser) }
        guard objects[Self.root] != nil else { throw GraphQLError("The schema has no type named Query.") }
    }

    func isInput(_ type: TypeReference) -> Bool {
        inputs[type.name] != nil || enumerations[type.name] != nil || scalars.contains(type.name)
    }

    private mutating func readDefinition(_ parser: inout Parser) throws(GraphQLError) {
        let word = try parser.readName()
        let name = try parser.readName()
        switch word {
        case "scalar": scalars.insert(name)
        case "type":
            var type = ObjectType(name: name)
            try parser.expect("{")
            repeat {
                let field = try parser.readName()
                let arguments = try Self.readTypedNames(&parser, "(", ")")
                try parser.expect(":")
                type.fields[field] = Field(type: try parser.readType(), arguments: arguments)
            } while parser.token != .punctuator(UInt8(ascii: "}"))
            try parser.advance()
            objects[name] = type
        case "input": inputs[name] = try Self.readTypedNames(&parser, "{", "}")
        case "enum":
            var cases: Set<String> = []
            try parser.expect("{")
            repeat { cases.insert(try parser.readName()) } while parser.token != .punctuator(UInt8(ascii: "}"))
            try parser.advance()
            enumerations[name] = cases
        default: throw parser.unexpected("type, input, enum or scalar")
        }
    }

    /// Reads pairs `name: type` between two brackets; returns none if the opening bracket does not come next.
    private static func readTypedNames(
        _ parser: inout Parser,
        _ opening: UnicodeScalar,
        _ closing: UnicodeScalar
    ) throws(GraphQLError) -> [String: TypeReference] {
        guard parser.token == .punctuator(UInt8(ascii: opening)) else { return [:] }
        try parser.advance()
        var inputs: [String: TypeReference] = [:]
        repeat {
            let name = try parser.readName()
            try parser.expect(":")
            inputs[name] = try parser.readType()
        } while parser.token != .punctuator(UInt8(ascii: closing))
        try parser.advance()
        return inputs
    }
}
