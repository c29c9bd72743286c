/// A regular expression that must match somewhere in the source of each new model version
/// (`MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX`).
package struct SourcePattern: Sendable {
    private let text: String

    /// - Throws: the parser's error if the text is not a regular expression.
    package init(_ text: String) throws {
        _ = try Regex(text)
        self.text = text
    }

    /// Whether the pattern matches somewhere in the source, compared by Unicode scalars.
    ///
    /// Matching may take long for a long source.
    func isFound(in source: String) -> Bool {
        // Threads must not share a compiled expression, so each call compiles it; model versions are created rarely.
        // The initializer has checked that the text compiles.
        guard let expression = try? Regex(text) else { return false }
        return source.contains(expression.matchingSemantics(.unicodeScalar))
    }
}
