package import Budgets

/// Why work was not accepted; nothing of it has run.
package enum SubmissionError: Error, Sendable {
    /// The queue is at its limit: answer 429 and let the client come again.
    case overloaded
    /// `shutdown()` or `close()` has been called.
    case closed
}

/// What one reader owns besides its connection: its prepared statements, for instance.
///
/// Touched only on that reader's thread.
package protocol ReaderContext: AnyObject, SendableMetatype {
    /// The connection the reads go through; the pool closes it in the end.
    var connection: Connection { get }

    /// What the read that has just run has in common with further ones; nil for a read by itself.
    var effort: ReadEffort? { get }

    /// What becomes of a read that was ended.
    func failure(of end: ReadEnded) -> any Error
}

extension ReaderContext {
    /// None: for contexts whose reads belong to nothing.
    package var effort: ReadEffort? { nil }

    /// The end itself: for contexts that know nothing of what was read.
    package func failure(of end: ReadEnded) -> any Error { end }
}

extension Connection: ReaderContext {
    /// The connection itself, for pools without a context of their own.
    package var connection: Connection { self }
}
