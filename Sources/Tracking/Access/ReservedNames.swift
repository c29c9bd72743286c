internal import Coding

/// The names by which the audit log and other outputs show the server itself, its commands, and clients without a name.
///
/// No user or token can have such a name, because its actions would be shown as those of the server or of another client.
package enum ReservedNames {
    private static let all: Set<String> = [
        AccessToken.operatorName, AuditActor.anyone.shownName, AuditActor.command.shownName,
        AuditActor.server.shownName,
    ]

    /// Whether a name is reserved, or differs from a reserved one only by what a reader overlooks: the case of letters,
    /// the form of the apostrophe, spaces, and invisible characters.
    package static func contains(_ name: String) -> Bool { all.contains(skeleton(name)) }

    /// Returns a name without the differences that `contains` overlooks.
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
    /// - Parameter kind: the kind of entity that was to get the name, with an article, such as "a token".
    package static func nameReserved(_ name: String, of kind: String) -> TrackingError {
        invalidParameter(
            "'\(shortened(name).printable(limit: 200))' cannot be the name of \(kind): the server shows it for itself, for its "
                + "commands, or for clients without a name. Choose another name."
        )
    }
}
