import Dispatch
import Synchronization

/// A value that another thread hands over, once; for tests that must see what a callback was given.
package final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    /// Nothing is there yet.
    package init() {}

    /// Hands the value over.
    package func give(_ value: Value) {
        self.value.withLock { $0 = value }
        semaphore.signal()
    }

    /// Blocks until the value is there, a minute at the most.
    package func wait() throws -> Value {
        guard semaphore.wait(timeout: .now() + 60) == .success, let value = value.withLock({ $0 }) else {
            throw TestFailure("no answer came within a minute")
        }
        // Whoever asks again gets it again.
        semaphore.signal()
        return value
    }
}

/// What keeps a test from being carried out.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    /// Says it in one line.
    package init(_ description: String) {
        self.description = description
    }
}
