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

    /// Nothing is cancelled yet.
    public init() {}

    /// Ends the calls that are under way, and those that begin later.
    public func cancel() { interruption.interrupt() }

    /// Whether it was cancelled.
    public var isCancelled: Bool { interruption.isInterrupted }
}
