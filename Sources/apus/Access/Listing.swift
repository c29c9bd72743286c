internal import JSON

/// Prints the result of a command that lists things, such as tokens or users.
enum Listing {
    /// Prints the elements as one line of JSON, or as a line each.
    ///
    /// - Parameters:
    ///   - name: the plural noun for the elements, which is also the name of the JSON array.
    ///   - members: writes the members of the JSON object of an element.
    static func show<Element>(
        _ elements: [Element],
        _ name: StaticString,
        asJSON: Bool,
        members: (inout JSONWriter, Element) -> Void,
        line: (Element) -> String
    ) {
        if asJSON {
            let object = JSONWriter.objectText { writer in
                writer.memberArray(name) { writer in
                    for element in elements {
                        writer.beginObject()
                        members(&writer, element)
                        writer.endObject()
                    }
                }
            }
            return StandardStream.output.write(object)
        }
        if elements.isEmpty { return StandardStream.error.write("apus: there are no \(name)") }
        for element in elements { StandardStream.output.write(line(element)) }
    }
}
