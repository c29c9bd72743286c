package import Budgets

/// The reason why a read or write was not accepted; no part of it has run.
package enum SubmissionError: Error, Sendable {
    /// The queue is full. The answer should be 429, so that the client tries again later.
    case overloaded
    /// `shutdown()` or `close()` has been called.
    case closed
}

/// The state of one reader: its connection and, for example, prepared statements; used only on that reader's thread.
package protocol ReaderContext: AnyObject, SendableMetatype {
    /// The connection of the reader; the pool closes it.
    var connection: Connection { get }

    /// The sum to which the processor time of the last read is added, because further reads for the same answer follow; nil if
    /// the answer needs only one read.
    var effort: ReadEffort? { get }

    /// The error that the caller of a read gets if the read was ended.
    func failure(of end: ReadEnded) -> any Error
}

extension ReaderContext {
    /// By default, no read shares its processor time.
    package var effort: ReadEffort? { nil }

    /// By default, the caller gets `end` itself.
    package func failure(of end: ReadEnded) -> any Error { end }
}

extension Connection: ReaderContext {
    /// The connection itself, for pools whose readers have no other state.
    package var connection: Connection { self }
}
