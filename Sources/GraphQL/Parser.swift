/// Parses a query (GraphQL, October 2021, §2); block strings (three quotes) are not supported.
///
/// `GraphQLLimits.nesting` limits the depth of the parser's recursion.
struct Parser {
    private var lexer: Lexer
    private(set) var token: Token
    private var nesting = 0
    private let limits: GraphQLLimits

    init(_ text: String, _ limits: GraphQLLimits) throws(GraphQLError) {
        var lexer = Lexer(text)
        token = try lexer.next()
        self.lexer = lexer
        self.limits = limits
    }

    static func document(_ text: String, _ limits: GraphQLLimits) throws(GraphQLError) -> Document {
        guard text.utf8.count <= limits.queryBytes else {
            throw GraphQLError("The query has more than \(limits.queryBytes) bytes.")
        }
        var parser = try Parser(text, limits)
        var document = Document()
        var definitions = 0
        repeat {
            definitions += 1
            guard definitions <= limits.definitionCount else {
                throw GraphQLError("The query has more than \(limits.definitionCount) operations and fragments.")
            }
            try parser.readDefinition(into: &document)
        } while parser.token != .end
        return document
    }

    private mutating func readDefinition(into document: inout Document) throws(GraphQLError) {
        if token == .punctuator(UInt8(ascii: "{")) {
            let selections = try readSelections()
            document.operations.append(
                OperationDefinition(kind: .query, name: nil, variables: [], selections: selections)
            )
        } else if case .name("fragment") = token {
            let fragment = try readFragment()
            guard document.fragments.updateValue(fragment, forKey: fragment.name) == nil else {
                throw GraphQLError("There can be only one fragment named '\(fragment.name)'.")
            }
        } else if case .name(let word) = token, let kind = OperationDefinition.Kind(rawValue: word) {
            document.operations.append(try readOperation(kind))
        } else {
            throw unexpected("an operation or a fragment")
        }
    }

    private mutating func readOperation(_ kind: OperationDefinition.Kind) throws(GraphQLError) -> OperationDefinition {
        try advance()
        var name: String?
        if case .name = token { name = try readName() }
        var variables: [VariableDefinition] = []
        if token == .punctuator(UInt8(ascii: "(")) {
            try advance()
            repeat { variables.append(try readVariable()) } while token != .punctuator(UInt8(ascii: ")"))
            try advance()
        }
        _ = try readDirectives()
        return OperationDefinition(kind: kind, name: name, variables: variables, selections: try readSelections())
    }

    private mutating func readVariable() throws(GraphQLError) -> VariableDefinition {
        try expect("$")
        let name = try readName()
        try expect(":")
        var variable = VariableDefinition(name: name, type: try readType())
        if token == .punctuator(UInt8(ascii: "=")) {
            try advance()
            variable.defaultValue = try readValue(isConstant: true)
        }
        _ = try readDirectives()
        return variable
    }

    private mutating func readFragment() throws(GraphQLError) -> FragmentDefinition {
        try advance()
        guard token != .name("on") else { throw unexpected("the name of a fragment") }
        let name = try readName()
        guard token == .name("on") else { throw unexpected("'on'") }
        try advance()
        let type = try readName()
        _ = try readDirectives()
        return FragmentDefinition(name: name, type: type, selections: try readSelections())
    }

    private mutating func readSelections() throws(GraphQLError) -> [Selection] {
        try expect("{")
        try enter()
        var selections: [Selection] = []
        repeat { selections.append(try readSelection()) } while token != .punctuator(UInt8(ascii: "}"))
        try advance()
        nesting -= 1
        return selections
    }

    private mutating func readSelection() throws(GraphQLError) -> Selection {
        guard token == .spread else { return .field(try readField()) }
        try advance()
        if case .name(let name) = token, name != "on" {
            try advance()
            return .spread(fragment: name, directives: try readDirectives())
        }
        var type: String?
        if token == .name("on") {
            try advance()
            type = try readName()
        }
        let directives = try readDirectives()
        return .inline(type: type, directives: directives, try readSelections())
    }

    private mutating func readField() throws(GraphQLError) -> FieldSelection {
        var field = FieldSelection(alias: nil, name: try readName(), arguments: [], directives: [], selections: nil)
        if token == .punctuator(UInt8(ascii: ":")) {
            try advance()
            field.alias = field.name
            field.name = try readName()
        }
        field.arguments = try readArguments(isConstant: false)
        field.directives = try readDirectives()
        if token == .punctuator(UInt8(ascii: "{")) { field.selections = try readSelections() }
        return field
    }

    private mutating func readDirectives() throws(GraphQLError) -> [Directive] {
        var directives: [Directive] = []
        while token == .punctuator(UInt8(ascii: "@")) {
            try advance()
            directives.append(Directive(name: try readName(), arguments: try readArguments(isConstant: false)))
        }
        return directives
    }

    private mutating func readArguments(isConstant: Bool) throws(GraphQLError) -> [Argument] {
        guard token == .punctuator(UInt8(ascii: "(")) else { return [] }
        try advance()
        try enter()
        var arguments: [Argument] = []
        repeat { arguments.append(try readArgument(isConstant)) } while token != .punctuator(UInt8(ascii: ")"))
        try advance()
        nesting -= 1
        return arguments
    }

    private mutating func readArgument(_ isConstant: Bool) throws(GraphQLError) -> Argument {
        let name = try readName()
        try expect(":")
        return Argument(name: name, value: try readValue(isConstant: isConstant))
    }

    /// - Parameter isConstant: whether variables are refused in the value.
    private mutating func readValue(isConstant: Bool) throws(GraphQLError) -> Literal {
        let current = token
        switch current {
        case .integer(let text): return try advance(returning: .integer(text))
        case .float(let text): return try advance(returning: .float(text))
        case .string(let text): return try advance(returning: .string(text))
        case .name("null"): return try advance(returning: .null)
        case .name("true"): return try advance(returning: .boolean(true))
        case .name("false"): return try advance(returning: .boolean(false))
        case .name(let name): return try advance(returning: .enumeration(name))
        case .punctuator(UInt8(ascii: "$")) where !isConstant:
            try advance()
            return .variable(try readName())
        case .punctuator(UInt8(ascii: "[")): return try readList(isConstant)
        case .punctuator(UInt8(ascii: "{")): return try readObject(isConstant)
        case .punctuator, .spread, .end: throw unexpected(isConstant ? "a value without variables" : "a value")
        }
    }

    private mutating func advance(returning value: Literal) throws(GraphQLError) -> Literal {
        try advance()
        return value
    }

    private mutating func readList(_ isConstant: Bool) throws(GraphQLError) -> Literal {
        try advance()
        try enter()
        var elements: [Literal] = []
        while token != .punctuator(UInt8(ascii: "]")) { elements.append(try readValue(isConstant: isConstant)) }
        try advance()
        nesting -= 1
        return .list(elements)
    }

    private mutating func readObject(_ isConstant: Bool) throws(GraphQLError) -> Literal {
        try advance()
        try enter()
        var members: [Argument] = []
        while token != .punctuator(UInt8(ascii: "}")) { members.append(try readArgument(isConstant)) }
        try advance()
        nesting -= 1
        return .object(members)
    }

    mutating func readType() throws(GraphQLError) -> TypeReference {
        var type: TypeReference
        if token == .punctuator(UInt8(ascii: "[")) {
            try advance()
            try enter()
            type = .list(try readType())
            try expect("]")
            nesting -= 1
        } else {
            type = .named(try readName())
        }
        if token == .punctuator(UInt8(ascii: "!")) {
            try advance()
            type = .nonNull(type)
        }
        return type
    }

    mutating func advance() throws(GraphQLError) { token = try lexer.next() }

    mutating func readName() throws(GraphQLError) -> String {
        guard case .name(let name) = token else { throw unexpected("a name") }
        try advance()
        return name
    }

    mutating func expect(_ character: UnicodeScalar) throws(GraphQLError) {
        guard case .punctuator(let byte) = token, UnicodeScalar(byte) == character else {
            throw unexpected("'\(character)'")
        }
        try advance()
    }

    func unexpected(_ expected: String) -> GraphQLError { lexer.failure("expected \(expected), found \(token.shown)") }

    private mutating func enter() throws(GraphQLError) {
        nesting += 1
        guard nesting <= limits.nesting else {
            throw lexer.failure("brackets are nested more than \(limits.nesting) deep")
        }
    }
}
