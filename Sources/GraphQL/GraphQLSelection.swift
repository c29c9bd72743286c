/// A field of an answer, merged from all parts of the query that select it.
package struct GraphQLSelection: Sendable {
    /// The name of the field in the answer.
    package let responseKey: String
    /// The name of the field in the schema.
    package let name: String
    package let arguments: [String: GraphQLInput]
    /// The selected fields of the field's object; empty if the field's value is not an object.
    package let selections: [GraphQLSelection]

    /// The field that every type has, whose value is the name of the type.
    static let typeName = "__typename"
}
