internal import Glibc

/// The name of the person who runs this program.
enum UserName {
    /// The first of `LOGNAME`, `USER`, `LNAME` and `USERNAME` that is set, as in Python's `getpass`.
    ///
    /// If none is set, the name of the process's user; empty if that user has no name.
    static var current: String {
        for variable in ["LOGNAME", "USER", "LNAME", "USERNAME"] {
            if let value = ClientConfiguration.processEnvironment(variable), !value.isEmpty { return value }
        }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var text = [CChar](repeating: 0, count: 4_096)
        guard getpwuid_r(getuid(), &entry, &text, text.count, &found) == 0, let name = found?.pointee.pw_name else {
            return ""
        }
        return String(cString: name)
    }
}
