import Glibc
import HTTPWire

/// Why a server could not start.
package struct HTTPServerError: Error, Sendable, CustomStringConvertible {
    /// One line for a person: what was tried and what the system said.
    package let message: String
    /// The `errno` of the failed call; 0 if there was none, as for an unknown host name.
    package let code: Int32

    init(message: String, code: Int32 = 0) {
        self.message = message
        self.code = code
    }

    init(call: String, code: Int32) {
        self.init(message: "\(call): \(SystemCall.errorText(code))", code: code)
    }

    /// The address is taken by another process.
    package var isAddressInUse: Bool { code == EADDRINUSE }
    package var description: String { message }
}
