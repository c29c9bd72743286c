/// A parsed query: its operations and fragments.
struct Document {
    var operations: [OperationDefinition] = []
    var fragments: [String: FragmentDefinition] = [:]
}

struct OperationDefinition {
    enum Kind: String {
        case query, mutation, subscription
    }

    var kind: Kind
    /// Nil for an operation without a name.
    var name: String?
    var variables: [VariableDefinition]
    var selections: [Selection]
}

/// A variable that an operation declares.
struct VariableDefinition {
    var name: String
    var type: TypeReference
    var defaultValue: Literal?
}

/// A named set of selections that operations and other fragments can include ("spread").
struct FragmentDefinition {
    var name: String
    /// The type whose fields the fragment selects.
    var type: String
    var selections: [Selection]
}

/// One element of a set of selections, that is, of the text between two braces.
indirect enum Selection {
    case field(FieldSelection)
    case spread(fragment: String, directives: [Directive])
    /// An inline fragment; the type is nil if it is the type of the surrounding selections.
    case inline(type: String?, directives: [Directive], [Selection])
}

/// A field that a query selects.
struct FieldSelection {
    var alias: String?
    var name: String
    var arguments: [Argument]
    var directives: [Directive]
    /// The selected fields of the field's object; nil for a field without braces.
    var selections: [Selection]?

    /// The name of the field in the answer.
    var responseKey: String { alias ?? name }
}

/// A directive: `@name(arguments)`.
struct Directive {
    var name: String
    var arguments: [Argument]
}

/// An argument: `name: value`.
struct Argument {
    var name: String
    var value: Literal
}

/// A value in the text of a query.
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

    /// The type in the notation of GraphQL.
    var description: String {
        switch self {
        case .named(let name): name
        case .list(let element): "[\(element)]"
        case .nonNull(let type): "\(type)!"
        }
    }

    /// The name of the type, without lists and exclamation marks.
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
