package import Budgets

/// Why a read or write was not accepted; no part of it has run.
package enum SubmissionError: Error, Sendable {
    /// The queue is full: answer 429, so that the client tries again later.
    case overloaded
    /// `shutdown()` or `close()` has been called.
    case closed
}

/// The state of one reader: its connection and, for instance, prepared statements.
///
/// Used only on that reader's thread.
package protocol ReaderContext: AnyObject, SendableMetatype {
    /// The connection of the reader; the pool closes it.
    var connection: Connection { get }

    /// The processor time that the last read shares with further reads of the same answer; nil if it stands alone.
    var effort: ReadEffort? { get }

    /// The error that the caller gets for an ended read.
    func failure(of end: ReadEnded) -> any Error
}

extension ReaderContext {
    /// By default each read stands alone.
    package var effort: ReadEffort? { nil }

    /// By default the caller gets `end` itself.
    package func failure(of end: ReadEnded) -> any Error { end }
}

extension Connection: ReaderContext {
    /// The connection itself, for pools without further state.
    package var connection: Connection { self }
}
