/// A regular expression that the sources of new model versions must match somewhere, if the operator says so
/// (`MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX`).
package struct SourcePattern: Sendable {
    private let text: String

    /// - Throws: what is wrong with the text, when it is no regular expression.
    package init(_ text: String) throws {
        _ = try Regex(text)
        self.text = text
    }

    /// Whether the pattern is found in the source, compared by Unicode scalars; may take long for a long source.
    func isFound(in source: String) -> Bool {
        // A compiled expression must not be shared by threads; versions are made rarely enough to compile it each time.
        // The initializer has checked that the text compiles.
        guard let expression = try? Regex(text) else { return false }
        return source.contains(expression.matchingSemantics(.unicodeScalar))
    }
}
