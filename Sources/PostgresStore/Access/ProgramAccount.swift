internal import Glibc

/// Who runs this program, as the audit tells it where programs of several machines write to one database.
enum ProgramAccount {
    /// The account and the machine, such as `ana@node7`; without a name of the account, its number.
    static let text: String = {
        let account = getenv("USER").map { String(cString: $0) } ?? ""
        var names = utsname()
        _ = uname(&names)
        let machine = withUnsafeBytes(of: names.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return (account.isEmpty ? "\(geteuid())" : account) + "@" + machine
    }()
}
