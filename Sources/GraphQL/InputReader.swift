internal import JSON

/// Converts the values of variables and arguments to the types of the schema (GraphQL, October 2021, §3.5, §3.10, §6.1.2).
struct InputReader {
    /// A value before its conversion: in the JSON of the variables, or in the query.
    fileprivate enum Source {
        case json(JSONValue)
        case literal(Literal)
    }

    private let schema: GraphQLSchema
    private var valuesLeft: Int
    private let limits: GraphQLLimits
    /// The variables that the operation declares, by name; the value is nil if the client sent none and the variable
    /// has no default.
    private var variables: [String: (type: TypeReference, hasDefault: Bool, value: GraphQLInput?)] = [:]

    init(_ schema: GraphQLSchema, _ limits: GraphQLLimits) {
        self.schema = schema
        self.limits = limits
        valuesLeft = limits.inputValueCount
    }

    /// Converts the values of the variables that an operation declares; ignores other variables that the client sent.
    mutating func readVariables(_ definitions: [VariableDefinition], from sent: JSONValue?) throws(GraphQLError) {
        for definition in definitions {
            let name = "$" + definition.name
            guard schema.isInput(definition.type) else {
                throw GraphQLError(
                    "The variable '\(name)' has the type '\(definition.type)', which is not an input type."
                )
            }
            guard variables[definition.name] == nil else {
                throw GraphQLError("There can be only one variable named '\(name)'.")
            }
            var value: GraphQLInput?
            if let json = sent?[definition.name] {
                value = try read(.json(json), as: definition.type, name)
            } else if let defaultValue = definition.defaultValue {
                value = try read(.literal(defaultValue), as: definition.type, name)
            } else if case .nonNull = definition.type {
                throw GraphQLError("The variable '\(name)' of the required type '\(definition.type)' was not provided.")
            }
            variables[definition.name] = (definition.type, definition.defaultValue != nil, value)
        }
    }

    /// The arguments of a field by name, except those without a value.
    mutating func arguments(
        of field: FieldSelection,
        types: [String: TypeReference],
        in owner: String
    ) throws(GraphQLError) -> [String: GraphQLInput] {
        var values: [String: GraphQLInput] = [:]
        for argument in field.arguments {
            guard let type = types[argument.name] else {
                throw GraphQLError("Unknown argument '\(argument.name)' on field '\(owner).\(field.name)'.")
            }
            guard values[argument.name] == nil else {
                throw GraphQLError("There can be only one argument named '\(argument.name)'.")
            }
            values[argument.name] = try value(of: argument, type)
        }
        for (name, type) in types where values[name] == nil {
            if case .nonNull = type {
                throw GraphQLError("The field '\(field.name)' needs the argument '\(name)' of type '\(type)'.")
            }
        }
        return values
    }

    /// The value of an argument; nil for a variable without a value.
    mutating func value(of argument: Argument, _ type: TypeReference) throws(GraphQLError) -> GraphQLInput? {
        if case .variable(let name) = argument.value { return try variable(name, as: type) }
        return try read(.literal(argument.value), as: type, argument.name)
    }

    private func variable(_ name: String, as type: TypeReference) throws(GraphQLError) -> GraphQLInput? {
        guard let variable = variables[name] else { throw GraphQLError("The variable '$\(name)' is not defined.") }
        let hasValue = variable.hasDefault && variable.value != GraphQLInput.null
        guard Self.fits(hasValue ? .nonNull(variable.type.nullable) : variable.type, type) else {
            throw GraphQLError(
                "The variable '$\(name)' of type '\(variable.type)' is used where the type '\(type)' is expected."
            )
        }
        return variable.value
    }

    /// Whether a value of one type may be used where another type is expected (§5.8.5).
    private static func fits(_ type: TypeReference, _ expected: TypeReference) -> Bool {
        switch (type, expected) {
        case (.nonNull(let inner), .nonNull(let wanted)): fits(inner, wanted)
        case (_, .nonNull): false
        case (.nonNull(let inner), _): fits(inner, expected)
        case (.list(let element), .list(let wanted)): fits(element, wanted)
        case (.named(let name), .named(let wanted)): name == wanted
        case (.list, .named), (.named, .list): false
        }
    }

    private mutating func read(
        _ source: Source,
        as type: TypeReference,
        _ path: String
    ) throws(GraphQLError) -> GraphQLInput {
        valuesLeft -= 1
        guard valuesLeft >= 0 else {
            throw GraphQLError("The variables and arguments have more than \(limits.inputValueCount) values.")
        }
        if case .literal(.variable(let name)) = source { return try variable(name, as: type) ?? .null }
        switch type {
        case .nonNull(let inner):
            let value = try read(source, as: inner, path)
            guard value != .null else { throw GraphQLError("The value of '\(path)' must not be null.") }
            return value
        case .list(let element):
            if source.isNull { return .null }
            // A single value is converted to a list with one element (§3.11).
            guard let elements = source.elements else { return .list([try read(source, as: element, path)]) }
            var values: [GraphQLInput] = []
            for item in elements { values.append(try read(item, as: element, path)) }
            return .list(values)
        case .named(let name):
            if source.isNull { return .null }
            return try readNamed(source, name, path)
        }
    }

    private mutating func readNamed(
        _ source: Source,
        _ type: String,
        _ path: String
    ) throws(GraphQLError) -> GraphQLInput {
        if let fields = schema.inputs[type] { return try readObject(source, type, fields, path) }
        if let cases = schema.enumerations[type] {
            guard let name = source.enumerationCase, cases.contains(name) else {
                throw Self.wrongType(path, type, "is one of \(cases.sorted().joined(separator: ", "))")
            }
            return .text(name)
        }
        switch type {
        case "Boolean":
            guard let value = source.boolean else { throw Self.wrongType(path, type, "is true or false") }
            return .boolean(value)
        case "Int":
            guard let value = source.integer, let small = Int32(exactly: value) else {
                throw Self.wrongType(path, type, "is a whole number of 32 bits")
            }
            return .integer(Int64(small))
        case "Float":
            guard let value = source.number else { throw Self.wrongType(path, type, "is a number") }
            return .number(value)
        case "String", "ID":
            guard let text = source.text else { throw Self.wrongType(path, type, "is a string") }
            return .text(text)
        default:
            // All scalars that the schema defines are whole numbers of 64 bits, written as numbers or as texts.
            guard let value = source.integer ?? source.text.flatMap({ Int64($0) }) else {
                throw Self.wrongType(path, type, "is a whole number")
            }
            return .integer(value)
        }
    }

    private mutating func readObject(
        _ source: Source,
        _ type: String,
        _ fields: [String: TypeReference],
        _ path: String
    ) throws(GraphQLError) -> GraphQLInput {
        guard let members = source.members else { throw Self.wrongType(path, type, "is an object") }
        var object: [String: GraphQLInput] = [:]
        for (name, value) in members {
            guard let field = fields[name] else {
                throw GraphQLError("The field '\(name.prefix(60))' is not defined by type '\(type)'.")
            }
            guard object[name] == nil else { throw GraphQLError("There can be only one field named '\(name)'.") }
            object[name] = try read(value, as: field, "\(path).\(name)")
        }
        for (name, field) in fields where object[name] == nil {
            if case .nonNull = field { throw GraphQLError("The value of '\(path).\(name)' was not provided.") }
        }
        return .object(object)
    }

    private static func wrongType(_ path: String, _ type: String, _ expected: String) -> GraphQLError {
        GraphQLError("The value of '\(path)' is not of type \(type), which \(expected).")
    }
}

extension InputReader.Source {
    fileprivate var isNull: Bool {
        switch self {
        case .json(let value): value.isNull
        case .literal(.null): true
        case .literal: false
        }
    }

    fileprivate var boolean: Bool? {
        switch self {
        case .json(let value): value.bool
        case .literal(.boolean(let value)): value
        case .literal: nil
        }
    }

    /// The value as a whole number of 64 bits, which JSON may also write as `2.0`; nil for any other value.
    fileprivate var integer: Int64? {
        switch self {
        case .json(let value): value.int64 ?? value.double.flatMap { Int64(exactly: $0) }
        case .literal(.integer(let text)): Int64(text)
        case .literal: nil
        }
    }

    fileprivate var number: Double? {
        switch self {
        case .json(let value): value.double.flatMap { $0.isFinite ? $0 : nil }
        case .literal(.integer(let text)), .literal(.float(let text)): Double(text).flatMap { $0.isFinite ? $0 : nil }
        case .literal: nil
        }
    }

    fileprivate var text: String? {
        switch self {
        case .json(let value): value.string
        case .literal(.string(let text)): text
        case .literal: nil
        }
    }

    fileprivate var enumerationCase: String? {
        switch self {
        case .json(let value): value.string
        case .literal(.enumeration(let name)): name
        case .literal: nil
        }
    }

    fileprivate var elements: [Self]? {
        switch self {
        case .json(let value): value.kind == .array ? value.elements.map { .json($0) } : nil
        case .literal(.list(let elements)): elements.map { .literal($0) }
        case .literal: nil
        }
    }

    fileprivate var members: [(String, Self)]? {
        switch self {
        case .json(let value): value.kind == .object ? value.members.map { ($0.key, .json($0.value)) } : nil
        case .literal(.object(let members)): members.map { ($0.name, .literal($0.value)) }
        case .literal: nil
        }
    }
}
