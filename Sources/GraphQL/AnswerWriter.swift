internal import JSON

/// Writes the response to a query as JSON: an object with the members `data` and `errors` (GraphQL, October 2021, section 7.1).
struct AnswerWriter {
    private var writer = JSONWriter(capacity: 2_048)
    private var errors: [String] = []
    private let limits: GraphQLLimits
    /// Returns the message for an error of a field that the answer reports; nil for an error that must be thrown.
    private let reportable: (any Error) -> String?

    init(limits: GraphQLLimits, reportable: @escaping (any Error) -> String?) {
        self.limits = limits
        self.reportable = reportable
    }

    /// The response with the fields of the root object, in which each field that failed is null.
    mutating func answer(_ selections: [GraphQLSelection], of root: any GraphQLObject) throws -> [UInt8] {
        writer.beginObject()
        writer.key("data")
        try write(selections, of: root)
        return finish()
    }

    /// The response to a query that failed as a whole.
    static func refusal(_ error: GraphQLError) -> [UInt8] {
        var answer = AnswerWriter(limits: GraphQLLimits()) { _ in nil }
        answer.errors = [error.message]
        answer.writer.beginObject()
        answer.writer.key("data")
        answer.writer.null()
        return answer.finish()
    }

    private mutating func finish() -> [UInt8] {
        writer.key("errors")
        if errors.isEmpty { writer.null() } else { write(errors) }
        writer.endObject()
        return writer.takeBytes()
    }

    private mutating func write(_ selections: [GraphQLSelection], of object: any GraphQLObject) throws {
        guard writer.bytes.count <= limits.answerBytes else {
            throw GraphQLError(
                "The answer has more than \(limits.answerBytes >> 20) MiB; ask for fewer objects or for fewer fields."
            )
        }
        writer.beginObject()
        for selection in selections {
            writer.key(selection.responseKey)
            if selection.name == GraphQLSelection.typeName {
                writer.string(object.typeName)
            } else if let value = try value(of: selection, object) {
                try write(value, selection)
            } else {
                writer.null()
            }
        }
        writer.endObject()
    }

    /// The value of a field; nil if the field failed with a reportable error, which is added to `errors`.
    private mutating func value(of selection: GraphQLSelection, _ object: any GraphQLObject) throws -> GraphQLOutput? {
        do {
            return try object.value(of: selection)
        } catch {
            guard let message = reportable(error) else { throw error }
            if errors.count < limits.errorCount { errors.append(message) }
            return nil
        }
    }

    private mutating func write(_ value: GraphQLOutput, _ selection: GraphQLSelection) throws {
        switch value {
        case .null: writer.null()
        case .text(let text): writer.string(text)
        case .number(let number) where number.isFinite: writer.double(number)
        case .number: writer.null()
        case .texts(let texts): write(texts)
        case .object(let object): try write(selection.selections, of: object)
        case .objects(let forEach):
            writer.beginArray()
            try forEach { try write(selection.selections, of: $0) }
            writer.endArray()
        }
    }

    private mutating func write(_ texts: [String]) {
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }
}
