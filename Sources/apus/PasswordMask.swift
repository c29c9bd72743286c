internal import Coding

/// Replaces the passwords of given texts by stars in messages.
///
/// A message may contain such a text as a whole, in part, or at the end of a path.
struct PasswordMask: Sendable {
    private struct Replacement {
        let shown: [UInt8]
        let hidden: [UInt8]
        /// The number of bytes of `shown` before the password.
        let lead: Int
    }

    /// The mask for the arguments of this process, and for those of its variables that may contain addresses.
    static let ofProcess = PasswordMask(CommandLine.arguments.dropFirst() + ProgramArguments.settings)

    private let replacements: [Replacement]

    init(_ texts: [String]) {
        var found: [Replacement] = []
        for text in texts {
            var forms = [text, text.printable(limit: .max), StorageLayout.absolute(text, "")]
            if let decoded = PercentCoding.decode(text[...]) { forms.append(decoded) }
            for form in forms { found += Self.replacements(of: Array(form.utf8)) }
        }
        var seen: Set<[UInt8]> = []
        // Longer texts are replaced first, because they may contain shorter ones.
        replacements = found.filter { seen.insert($0.shown).inserted }.sorted { $0.shown.count > $1.shown.count }
    }

    /// Returns the message with stars in place of the passwords.
    func hiding(_ message: String) -> String {
        guard !replacements.isEmpty else { return message }
        var bytes = Array(message.utf8)
        for replacement in replacements {
            bytes.replace(replacement.shown, with: replacement.hidden)
            let dots = Array("...".utf8)
            guard bytes.firstRange(of: dots) != nil else { continue }
            // A message may contain only the beginning of a long text, cut within the password, and three dots.
            for length in stride(from: replacement.shown.count - 1, to: replacement.lead, by: -1) {
                bytes.replace(
                    replacement.shown.prefix(length) + dots,
                    with: replacement.shown.prefix(replacement.lead) + Self.stars + dots
                )
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let stars = Array("***".utf8)

    private static func replacements(of text: [UInt8]) -> [Replacement] {
        HiddenPasswords.found(in: text).filter { !$0.password.isEmpty }.flatMap { found in
            let lead = Array(text[found.whole.lowerBound..<found.password.lowerBound])
            let end = text[found.password.upperBound..<found.whole.upperBound]
            let password = text[found.password]
            return [Array(password), escapedForJSON(password)].map { shown in
                Replacement(shown: lead + shown + end, hidden: lead + stars + end, lead: lead.count)
            }
        }
    }

    private static func escapedForJSON(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        return text.flatMap { $0 == quote || $0 == backslash ? [backslash, $0] : [$0] }
    }
}
