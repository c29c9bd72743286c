/// Writes texts into the filters of searches.
enum FilterText {
    /// Quotes a text for a filter.
    ///
    /// - Throws: `.invalidParameterValue` for a text with both kinds of quotes, because MLflow's filters have no escapes.
    static func quoted(_ text: String) throws(MLflowError) -> String {
        if !text.contains("'") { return "'\(text)'" }
        if !text.contains("\"") { return "\"\(text)\"" }
        let message = "a text with both kinds of quotes cannot be searched for: \(text)"
        throw MLflowError(.invalidParameterValue, message, outcome: .notCarriedOut)
    }
}
