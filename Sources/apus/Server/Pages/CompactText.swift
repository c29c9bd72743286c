/// The files of `static/` without what only their readers need, as the server sends them and an export contains them.
enum CompactText {
    /// Returns the text of a script, a style sheet or a page without comments, blank lines and indentation.
    ///
    /// A text of another kind, or one that cannot be read, is returned as it is.
    ///
    /// - Parameter path: the path in `static/`, whose extension tells the kind.
    static func of(_ text: String, path: String) -> String {
        switch path.split(separator: ".").last {
        case "js": CompactScript.text(of: text) ?? text
        case "css": CompactStyle.text(of: text) ?? text
        case "html": page(text)
        default: text
        }
    }

    /// Returns a page without indentation and blank lines; a page with elements in which these are shown stays as it is.
    private static func page(_ text: String) -> String {
        guard !text.contains("<pre"), !text.contains("<textarea") else { return text }
        return text.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }.joined(separator: "\n")
    }
}
