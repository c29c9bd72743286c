package import Dispatch
internal import Synchronization
internal import Threads

/// A result that one thread provides and another thread waits for.
package final class Answer<Value: Sendable>: Sendable {
    private let outcome = Mutex<Result<Value, any Error>?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    package init() {}

    package func give(_ result: Result<Value, any Error>) {
        outcome.withLock { $0 = result }
        semaphore.signal()
    }

    /// Blocks until `give` has been called, and returns or throws its result.
    ///
    /// - Parameter isFromRemoteServer: whether the result comes from another server, so that the wait may be long. A thread of a
    ///   `ThreadPool` then lets another thread work in its place.
    package func wait(isFromRemoteServer: Bool = false) throws -> Value {
        if isFromRemoteServer { ThreadPool.wait(for: semaphore) } else { semaphore.wait() }
        guard let result = outcome.withLock({ $0 }) else { throw StoreCorruption("a result was announced but not set") }
        return try result.get()
    }

    /// Blocks until `give` has been called, and returns its result; returns nil if the deadline passes first.
    package func wait(until deadline: DispatchTime) -> Result<Value, any Error>? {
        semaphore.wait(timeout: deadline) == .success ? outcome.withLock { $0 } : nil
    }
}
