/// Why work was not accepted; nothing of it has run.
package enum SubmissionError: Error, Sendable {
    /// The queue is at its limit: answer 429 and let the client come again.
    case overloaded
    /// `shutdown()` or `close()` has been called.
    case closed
}

/// What one reader owns besides its connection: its prepared statements, for instance.
///
/// Touched only on that reader's queue.
package protocol ReaderContext: AnyObject, SendableMetatype {
    /// The connection the reads go through; the pool closes it in the end.
    var connection: Connection { get }
}

extension Connection: ReaderContext {
    /// The connection itself, for pools without a context of their own.
    package var connection: Connection { self }
}
