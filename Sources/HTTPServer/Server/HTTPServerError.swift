import Glibc
import HTTPWire

/// Why a server could not start.
package struct HTTPServerError: Error, Sendable, CustomStringConvertible {
    /// One line that says what was tried and, if a system call failed, the error of the call.
    package let message: String
    /// The `errno` of the failed call; 0 if there was none, as for an unknown host name.
    package let code: Int32

    init(message: String, code: Int32 = 0) {
        self.message = message
        self.code = code
    }

    init(call: String, code: Int32) { self.init(message: "\(call): \(SystemCall.errorText(code))", code: code) }

    /// Whether another socket already listens at the address.
    package var isAddressInUse: Bool { code == EADDRINUSE }
    package var description: String { message }
}
