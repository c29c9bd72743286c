/// The writer's control over the readers, for when reads keep the write-ahead log (WAL) from restarting.
package protocol ReadGate: Sendable {
    /// Blocks new reads until `resume`; each call needs its own `resume`.
    func pause(_ reads: PausedReads)

    /// Ends one `pause` of the same reads.
    func resume(_ reads: PausedReads)

    /// Ends the reads that began before that moment, within some milliseconds.
    func endReads(startedBefore moment: ReadMoment)

    /// The start of the oldest running read; nil if none runs.
    var oldestRead: ReadMoment? { get }

    /// Blocks until every running read began at or after that moment.
    /// - Returns: false if the time ran out.
    func waitForReads(startedBefore moment: ReadMoment, within time: Duration) -> Bool
}

/// The reads that a pause blocks.
package enum PausedReads: Sendable {
    case all
    /// All but `ReadCost.cheap` ones.
    case expensive
}

extension ReaderPool: ReadGate {}
