internal import HTTPClient

/// Ends the calls of a blocking client early.
///
/// ```swift
/// let cancellation = Cancellation()
/// let cancellable = blockingClient.cancelled(by: cancellation)
/// // From another thread: calls of `cancellable` end with the code `.cancelled`.
/// cancellation.cancel()
/// ```
public final class Cancellation: Sendable {
    let interruption = CallInterruption()

    /// Makes a cancellation that has not been cancelled yet.
    public init() {}

    /// Ends the calls that are running, and all later calls.
    public func cancel() { interruption.interrupt() }

    /// Whether `cancel` was called.
    public var isCancelled: Bool { interruption.isInterrupted }
}
