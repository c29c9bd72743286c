internal import Synchronization

/// The class of a read, which decides when it is served.
package enum ReadCost: Sendable {
    /// A look-up of one row or a few rows; one of several readers serves only such reads, so that none waits for a search.
    case cheap
    /// A read for the next part of an answer that has begun; served before reads that begin an answer.
    case continued
    /// Any other read.
    case expensive
}

/// The total processor time of the reads for one answer; usable from any thread.
package final class ReadEffort: Sendable {
    private let spent = Atomic<UInt64>(0)

    package init() {}

    package var nanoseconds: UInt64 { spent.load(ordering: .relaxed) }

    package func add(nanoseconds: UInt64) { spent.add(nanoseconds, ordering: .relaxed) }
}
