internal import Glibc

/// The environment variables that replace flags.
struct Environment: Sendable {
    private let value: @Sendable (String) -> String?

    /// The variables of this process.
    static let process = Environment { name in getenv(name).map { String(cString: $0) } }

    init(_ value: @escaping @Sendable (String) -> String?) { self.value = value }

    /// The value of a variable; nil if it is not set or empty.
    subscript(name: String) -> String? { value(name).flatMap { $0.isEmpty ? nil : $0 } }

    /// The value of a yes-or-no variable; nil if it is not set.
    func bool(_ name: String) throws(StartFailure) -> Bool? {
        guard let text = self[name] else { return nil }
        switch text.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default: throw StartFailure("\(name)=\(text) is neither true nor false.")
        }
    }
}
