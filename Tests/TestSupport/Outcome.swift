import Dispatch
import Synchronization

/// A value that another thread sets once, for tests of callbacks.
package final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    /// Creates it without a value.
    package init() {}

    /// Sets the value.
    package func give(_ value: Value) {
        self.value.withLock { $0 = value }
        semaphore.signal()
    }

    /// Blocks until the value is set; fails after a minute.
    package func wait() throws -> Value {
        guard semaphore.wait(timeout: .now() + 60) == .success, let value = value.withLock({ $0 }) else {
            throw TestFailure("no answer came within a minute")
        }
        // Lets further calls of `wait` return too.
        semaphore.signal()
        return value
    }
}

/// An error that stops a test before its checks.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    /// Describes the error in one line.
    package init(_ description: String) {
        self.description = description
    }
}
