internal import Glibc

/// The two files in which the tools of AWS keep the credentials and the settings of named profiles.
struct ProfileFiles: Sendable {
    let profile: String
    /// Whether the environment names the profile; if so, the profile must exist.
    let isNamed: Bool
    private let credentialsSection: [String: String]?
    private let settingsSection: [String: String]?

    /// The most bytes of a file that are read; the rest of a longer file is ignored.
    private static let maximumBytes = 1_048_576

    /// Reads both files; a file that does not exist counts as empty.
    ///
    /// - Parameter variable: returns the value of an environment variable.
    init(_ variable: (String) -> String?) {
        let named = variable("AWS_PROFILE") ?? variable("AWS_DEFAULT_PROFILE")
        profile = named ?? "default"
        isNamed = named != nil
        let home = variable("HOME") ?? ""
        let credentialsPath = variable("AWS_SHARED_CREDENTIALS_FILE") ?? "~/.aws/credentials"
        let settingsPath = variable("AWS_CONFIG_FILE") ?? "~/.aws/config"
        credentialsSection = Self.sections(Self.read(credentialsPath, home))[profile]
        let sections = Self.sections(Self.read(settingsPath, home))
        settingsSection = sections["profile \(profile)"] ?? (profile == "default" ? sections["default"] : nil)
    }

    /// Whether at least one of the files contains the profile.
    var exists: Bool { credentialsSection != nil || settingsSection != nil }

    /// Returns the value of a setting of the profile; nil if neither file has it.
    func setting(_ name: String) -> String? { settingsSection?[name] ?? credentialsSection?[name] }

    /// The credentials of the profile; those in the credentials file take precedence.
    var profileCredentials: S3Credentials? {
        for section in [credentialsSection, settingsSection].compactMap({ $0 }) {
            if let id = section["aws_access_key_id"], let secret = section["aws_secret_access_key"] {
                return S3Credentials(
                    accessKeyID: id,
                    secretAccessKey: secret,
                    sessionToken: section["aws_session_token"]
                )
            }
        }
        return nil
    }

    private static func read(_ path: String, _ home: String) -> String {
        let fullPath = path.hasPrefix("~/") ? home + path.dropFirst() : path
        guard let file = fopen(fullPath, "re") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximumBytes)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Returns the settings of each section of a file by the section's name; ignores indented lines, which are nested settings.
    static func sections(_ text: String) -> [String: [String: String]] {
        var sections: [String: [String: String]] = [:]
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, first != "#", first != ";", first != " ", first != "\t" else { continue }
            if first == "[", let end = line.firstIndex(of: "]") {
                let name = line[line.index(after: line.startIndex)..<end].split(separator: " ").joined(separator: " ")
                current = name
                sections[name] = sections[name] ?? [:]
            } else if let current, let equalsSign = line.firstIndex(of: "=") {
                let name = trimmed(line[..<equalsSign]).lowercased()
                let value = trimmed(line[line.index(after: equalsSign)...])
                if !value.isEmpty { sections[current]?[name] = value }
            }
        }
        return sections
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
