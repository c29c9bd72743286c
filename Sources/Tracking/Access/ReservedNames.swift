internal import Coding

/// The names that the server shows for itself, for its commands, and for whoever has no name, such as in the audit.
///
/// Nobody else can have one of them: what a user or a token did would look as if another one had done it.
package enum ReservedNames {
    private static let all: Set<String> = [
        AccessToken.operatorName, AuditActor.anyone.shownName, AuditActor.command.shownName,
        AuditActor.server.shownName,
    ]

    /// Whether a name is reserved, or differs from a reserved one only by what a reader overlooks: the case of letters,
    /// the form of the apostrophe, spaces, and characters that are not seen.
    package static func contains(_ name: String) -> Bool { all.contains(skeleton(name)) }

    private static func skeleton(_ name: String) -> String {
        var words: [String] = []
        var word = ""
        for scalar in name.lowercased().unicodeScalars {
            if scalar.properties.isWhitespace {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else if ["\u{2019}", "\u{2018}", "\u{02BC}", "\u{FF07}", "\u{0060}", "\u{00B4}"].contains(scalar) {
                word.append("'")
            } else if !scalar.properties.isDefaultIgnorableCodePoint {
                word.unicodeScalars.append(scalar)
            }
        }
        if !word.isEmpty { words.append(word) }
        return words.joined(separator: " ")
    }
}

extension TrackingError {
    /// - Parameter kind: what was to get the name, with its article.
    package static func nameReserved(_ name: String, of kind: String) -> TrackingError {
        invalidParameter(
            "'\(shortened(name).printable(limit: 200))' cannot be the name of \(kind): the server shows it for itself, for its "
                + "commands, or for clients without a name. Choose another name."
        )
    }
}
