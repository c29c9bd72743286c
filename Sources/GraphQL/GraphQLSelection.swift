/// A field of an answer, merged from every place of the query that asks for it.
package struct GraphQLSelection: Sendable {
    /// The member's name in the answer.
    package let responseKey: String
    /// The field's name in the schema.
    package let name: String
    package let arguments: [String: GraphQLInput]
    /// Empty for a field without fields.
    package let selections: [GraphQLSelection]

    /// The field that every type has, whose value is the name of the type.
    static let typeName = "__typename"
}
