internal import Glibc

/// The account and the machine that run this program, for audit entries: programs on several machines may write to one database.
enum ProgramAccount {
    /// The account and the machine, such as `ana@node7`; if the account has no known name, its number.
    static let text: String = {
        let account = getenv("USER").map { String(cString: $0) } ?? ""
        var names = utsname()
        _ = uname(&names)
        let machine = withUnsafeBytes(of: names.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return (account.isEmpty ? "\(geteuid())" : account) + "@" + machine
    }()
}
