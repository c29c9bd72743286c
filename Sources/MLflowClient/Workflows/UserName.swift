internal import Glibc

/// The name of the person who runs this program.
enum UserName {
    /// From the variables by which Python finds it, else that of the process's user; empty where it has no name.
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
