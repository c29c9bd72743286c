/// An object whose fields a query can select.
package protocol GraphQLObject {
    /// The name of the object's type in the schema.
    var typeName: String { get }

    /// The value of a field of the object's type.
    ///
    /// - Throws: the reason why the field has no value.
    func value(of field: GraphQLSelection) throws -> GraphQLOutput
}

/// The value of a field.
package enum GraphQLOutput {
    case null
    case text(String)
    /// A number; NaN and the infinities are written as null, because JSON cannot represent them.
    case number(Double)
    case texts([String])
    case object(any GraphQLObject)
    /// A list whose elements are made while the list is written. The closure calls its argument with each element, and
    /// rethrows the errors of these calls.
    case objects(_ forEach: ((any GraphQLObject) throws -> Void) throws -> Void)

    /// A text, or null.
    package init(_ text: String?) { self = text.map { .text($0) } ?? .null }

    /// A number of 64 bits, or null; written as a text, because numbers in JavaScript have only 53 bits.
    package init(long number: Int64?) { self = number.map { .text(String($0)) } ?? .null }
}
