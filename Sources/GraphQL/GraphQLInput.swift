package import JSON

/// The value of an argument or variable, converted to its type in the schema.
package indirect enum GraphQLInput: Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    /// A text, or the name of a case of an enumeration.
    case text(String)
    case list([GraphQLInput])
    case object([String: GraphQLInput])

    /// Writes the value as JSON; leaves out members whose value is null.
    ///
    /// - Parameter memberName: converts the name of a member to its name in the JSON.
    package func write(to writer: inout JSONWriter, memberName: (String) -> String) {
        switch self {
        case .null: writer.null()
        case .boolean(let value): writer.bool(value)
        case .integer(let value): writer.int(value)
        case .number(let value): writer.double(value)
        case .text(let value): writer.string(value)
        case .list(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer, memberName: memberName) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for (name, value) in members where value != .null {
                writer.key(memberName(name))
                value.write(to: &writer, memberName: memberName)
            }
            writer.endObject()
        }
    }
}
