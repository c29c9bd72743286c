internal import Synchronization

/// How a read is served beside others.
package enum ReadCost: Sendable {
    /// The look-up of one thing: has a reader of its own and never waits behind a search.
    case cheap
    /// The next part of an answer that has begun: goes before reads that begin.
    case continued
    /// Everything else.
    case dear
}

/// The processor time that the parts of one answer have used together.
///
/// Safe from any thread.
package final class ReadEffort: Sendable {
    private let spent = Atomic<UInt64>(0)

    package init() {}

    package var nanoseconds: UInt64 { spent.load(ordering: .relaxed) }

    package func add(nanoseconds: UInt64) { spent.add(nanoseconds, ordering: .relaxed) }
}
