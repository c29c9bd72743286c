internal import JSON

/// Reads the members of answers. Servers leave out empty members, and send whole numbers as numbers or as texts.
extension JSONValue {
    /// The member; nil if it is absent or null.
    private func present(_ key: String) -> JSONValue? { self[key].flatMap { $0.isNull ? nil : $0 } }

    /// A text; nil if the member is absent.
    func optionalText(_ key: String) -> String? { present(key)?.string }

    /// A text; empty if the member is absent.
    func text(_ key: String) -> String { optionalText(key) ?? "" }

    /// A text that the answer must have, such as an id; a number is accepted too.
    func requiredText(_ key: String) throws(MLflowError) -> String {
        if let text = optionalText(key), !text.isEmpty { return text }
        // Some servers send ids of experiments and numbers of versions as numbers.
        if let number = present(key)?.int64 { return String(number) }
        throw .malformed("the answer has no \(key)")
    }

    /// A whole number; nil if the member is absent.
    func integer(_ key: String) -> Int64? {
        guard let value = present(key) else { return nil }
        return value.int64 ?? value.string.flatMap { Int64($0) }
    }

    /// A number that the answer must have; NaN and the infinities may be texts.
    func number(_ key: String) throws(MLflowError) -> Double {
        guard let value = present(key), let number = value.double ?? value.string.flatMap({ Double($0) }) else {
            throw .malformed("the answer has no number \(key)")
        }
        return number
    }

    /// An object that the answer must have.
    func object(_ key: String) throws(MLflowError) -> JSONValue {
        guard let value = present(key), value.kind == .object else { throw .malformed("the answer has no \(key)") }
        return value
    }

    /// The elements of a list, converted with `element`; empty if the member is absent.
    func list<Element>(
        _ key: String,
        _ element: (JSONValue) throws(MLflowError) -> Element
    ) throws(MLflowError) -> [Element] {
        var list: [Element] = []
        guard let value = present(key) else { return list }
        for item in value.elements { list.append(try element(item)) }
        return list
    }
}

extension MLflowError {
    /// The error for an answer that cannot be from an MLflow server.
    static func malformed(_ message: String, _ cause: Cause = .client) -> MLflowError {
        MLflowError(.malformedAnswer, message, outcome: .unclear, cause: cause)
    }
}
