/// Something that a query can ask for fields.
package protocol GraphQLObject {
    /// The name of its type in the schema.
    var typeName: String { get }

    /// The value of a field that the schema says it has.
    ///
    /// - Throws: the reason why the field has no value.
    func value(of field: GraphQLSelection) throws -> GraphQLOutput
}

/// The value of a field.
package enum GraphQLOutput {
    case null
    case text(String)
    /// NaN and the infinities are null in an answer, as JSON has no word for them.
    case number(Double)
    case texts([String])
    case object(any GraphQLObject)
    /// A list that is made while it is written: the closure passes each element on, and stops when that throws.
    case objects(_ forEach: ((any GraphQLObject) throws -> Void) throws -> Void)

    /// A text, or null.
    package init(_ text: String?) { self = text.map { .text($0) } ?? .null }

    /// A number of 64 bits, which travels as a text because JavaScript has no such numbers; or null.
    package init(long number: Int64?) { self = number.map { .text(String($0)) } ?? .null }
}
