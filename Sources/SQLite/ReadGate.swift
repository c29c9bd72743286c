/// The writer's control over the readers, which it uses when reads keep the write-ahead log (WAL) from restarting.
package protocol ReadGate: Sendable {
    /// Makes new reads wait until `resume`, which must follow each call; running reads continue.
    func pause(_ reads: PausedReads)

    /// Ends one `pause` of the same reads.
    func resume(_ reads: PausedReads)

    /// Makes the reads that began before `moment` end within some milliseconds; returns at once.
    func endReads(startedBefore moment: ReadMoment)

    /// The start of the oldest running read; nil if no read runs.
    var oldestRead: ReadMoment? { get }

    /// Blocks until no read runs that began before `moment`.
    /// - Returns: false if the time ran out.
    func waitForReads(startedBefore moment: ReadMoment, within time: Duration) -> Bool
}

/// The reads that a pause blocks.
package enum PausedReads: Sendable {
    case all
    /// All reads except those of `ReadCost.cheap`.
    case expensive
}
