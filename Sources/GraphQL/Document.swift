/// A query as it was written: its operations and fragments.
struct Document {
    var operations: [OperationDefinition] = []
    var fragments: [String: FragmentDefinition] = [:]
}

/// One operation of a document.
struct OperationDefinition {
    enum Kind: String {
        case query, mutation, subscription
    }

    var kind: Kind
    /// nil for one without a name.
    var name: String?
    var variables: [VariableDefinition]
    var selections: [Selection]
}

/// A variable that an operation declares.
struct VariableDefinition {
    var name: String
    var type: TypeReference
    var standard: Literal?
}

/// A named set of selections that operations spread.
struct FragmentDefinition {
    var name: String
    /// The type whose fields it selects.
    var type: String
    var selections: [Selection]
}

/// One entry between the braces.
indirect enum Selection {
    case field(FieldSelection)
    case spread(fragment: String, directives: [Directive])
    /// The type is nil if it is that of the surrounding selections.
    case inline(type: String?, directives: [Directive], [Selection])
}

/// A field that is asked for.
struct FieldSelection {
    var alias: String?
    var name: String
    var arguments: [Argument]
    var directives: [Directive]
    /// nil where there are no braces.
    var selections: [Selection]?

    /// The name of the member in the answer.
    var responseKey: String { alias ?? name }
}

/// `@name(arguments)`.
struct Directive {
    var name: String
    var arguments: [Argument]
}

/// `name: value`.
struct Argument {
    var name: String
    var value: Literal
}

/// A value as it is written in a query.
indirect enum Literal {
    case null
    case boolean(Bool)
    case integer(String)
    case float(String)
    case string(String)
    case enumeration(String)
    case list([Literal])
    case object([Argument])
    case variable(String)
}

/// The type of a variable, an argument or a field.
indirect enum TypeReference: Sendable, Equatable, CustomStringConvertible {
    case named(String)
    case list(TypeReference)
    case nonNull(TypeReference)

    /// As it is written.
    var description: String {
        switch self {
        case .named(let name): name
        case .list(let element): "[\(element)]"
        case .nonNull(let type): "\(type)!"
        }
    }

    /// The type without lists and exclamation marks.
    var name: String {
        switch self {
        case .named(let name): name
        case .list(let type), .nonNull(let type): type.name
        }
    }

    /// The type without the exclamation mark.
    var nullable: TypeReference {
        if case .nonNull(let type) = self { type } else { self }
    }
}
