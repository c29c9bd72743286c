internal import Coding

/// Replaces in messages, by stars, the passwords of given texts, such as the arguments of this process.
///
/// A message may contain such a text as a whole, in part, or at the end of a path.
struct PasswordMask: Sendable {
    private struct Replacement {
        let text: [UInt8]
        let masked: [UInt8]
        /// The number of bytes of `text` before the password.
        let prefixLength: Int
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
        replacements = found.filter { seen.insert($0.text).inserted }.sorted { $0.text.count > $1.text.count }
    }

    /// Returns the message with stars in place of the passwords.
    func hiding(_ message: String) -> String {
        guard !replacements.isEmpty else { return message }
        var bytes = Array(message.utf8)
        for replacement in replacements {
            bytes.replace(replacement.text, with: replacement.masked)
            let dots = Array("...".utf8)
            guard bytes.firstRange(of: dots) != nil else { continue }
            // A long text may be cut within the password; the message then contains its beginning and three dots.
            for length in stride(from: replacement.text.count - 1, to: replacement.prefixLength, by: -1) {
                bytes.replace(
                    replacement.text.prefix(length) + dots,
                    with: replacement.text.prefix(replacement.prefixLength) + Self.stars + dots
                )
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let stars = Array("***".utf8)

    private static func replacements(of text: [UInt8]) -> [Replacement] {
        HiddenPasswords.matches(in: text).filter { !$0.password.isEmpty }.flatMap { found in
            let prefix = Array(text[found.context.lowerBound..<found.password.lowerBound])
            let suffix = text[found.password.upperBound..<found.context.upperBound]
            let password = text[found.password]
            return [Array(password), escapedForJSON(password)].map { password in
                let (text, masked) = (prefix + password + suffix, prefix + stars + suffix)
                return Replacement(text: text, masked: masked, prefixLength: prefix.count)
            }
        }
    }

    private static func escapedForJSON(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        return text.flatMap { $0 == quote || $0 == backslash ? [backslash, $0] : [$0] }
    }
}
