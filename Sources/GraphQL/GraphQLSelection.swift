/// A field that an answer has, with all that fragments and repetitions ask of it.
package struct GraphQLSelection: Sendable {
    /// The member's name in the answer.
    package let responseKey: String
    /// The field's name in the schema.
    package let name: String
    package let arguments: [String: GraphQLInput]
    /// Empty for a field without fields.
    package let selections: [GraphQLSelection]

    /// The name of the type, which every type tells when it is asked.
    static let typeName = "__typename"
}
