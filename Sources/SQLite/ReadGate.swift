/// What the writer asks of those who read beside it, when they keep the write-ahead log from being written anew.
package protocol ReadGate: Sendable {
    /// Lets no new read start until `resume()`; each call needs its `resume()`.
    func pause()

    /// Lets reads start again.
    func resume()

    /// Ends the reads that began before that moment; each ends at its next look, some milliseconds later.
    func endReads(startedBefore moment: ReadMoment)

    /// When the oldest read that is under way began; nil when there is none.
    var oldestRead: ReadMoment? { get }

    /// Blocks until no read is under way.
    /// - Returns: false when the time ran out.
    func waitUntilIdle(within time: Duration) -> Bool
}

extension ReaderPool: ReadGate {}
