/// Texts inside the filters of searches.
enum FilterText {
    /// A text in quotes; filters know no escape, so that one with both kinds of quotes cannot be searched for.
    static func quoted(_ text: String) throws(MLflowError) -> String {
        if !text.contains("'") { return "'\(text)'" }
        if !text.contains("\"") { return "\"\(text)\"" }
        let message = "a text with both kinds of quotes cannot be searched for: \(text)"
        throw MLflowError(.invalidParameterValue, message, outcome: .notCarriedOut)
    }
}
