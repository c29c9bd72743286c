internal import Coding

/// The options after the question mark of a SQLite URI.
struct StoreOptions {
    /// Whether the path may be a `file:` URI of SQLite's own.
    private(set) var isFileURI = false
    private(set) var isInMemory = false
    private(set) var mustExist = false
    /// The given options that have no effect here, because they are for the Python driver or for a second writer.
    private(set) var ignored: [String] = []

    private static let ignoredNames: Set<String> = [
        "timeout", "check_same_thread", "cached_statements", "isolation_level", "detect_types", "cache", "psow",
    ]

    /// - Parameter source: the flag or variable, for messages.
    init(_ query: Substring, _ source: String) throws(StartFailure) {
        for option in query.split(separator: "&") {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : ""
            try apply(String(parts[0]), PercentCoding.decode(value) ?? value, source)
        }
    }

    private mutating func apply(_ name: String, _ value: String, _ source: String) throws(StartFailure) {
        switch (name, value) {
        case ("uri", "true"), ("uri", "1"), ("uri", "yes"), ("uri", "on"): isFileURI = true
        case ("uri", "false"), ("uri", "0"), ("uri", "no"), ("uri", "off"), ("mode", "rwc"): break
        case ("mode", "rw"): mustExist = true
        case ("mode", "memory"): isInMemory = true
        case ("mode", "ro"), ("immutable", _):
            throw StartFailure(
                "\(source): \(name)=\(value.printable(limit: 60)) asks for a read-only server, which does not exist."
            )
        case (let name, _) where Self.ignoredNames.contains(name): ignored.append(name)
        default:
            throw StartFailure(
                "\(source): the option \(name.printable(limit: 60))=\(value.printable(limit: 60)) is unknown; leave it out."
            )
        }
    }
}
