/// The writer's control over the readers, for when reads keep the write-ahead log (WAL) from restarting.
package protocol ReadGate: Sendable {
    /// Blocks new reads until `resume()`; each call needs its own `resume()`.
    func pause()

    /// Ends one `pause()`.
    func resume()

    /// Ends the reads that began before that moment, within some milliseconds.
    func endReads(startedBefore moment: ReadMoment)

    /// The start of the oldest running read; nil if none runs.
    var oldestRead: ReadMoment? { get }

    /// Blocks until no read runs.
    /// - Returns: false if the time ran out.
    func waitUntilIdle(within time: Duration) -> Bool
}

extension ReaderPool: ReadGate {}
