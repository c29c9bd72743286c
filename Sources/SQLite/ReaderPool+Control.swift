internal import Dispatch
internal import Glibc
internal import Synchronization

extension ReaderPool {
    /// Jobs waiting for a reader.
    package var queueDepth: Int { statistics.waiting }

    /// What waits, what runs, and what was ended so far.
    package var statistics: ReaderStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.waitingCheap = state.lines.cheap.count
            statistics.waitingDear = state.lines.dear.count + state.lines.continued.count
            statistics.waitingLong = state.lines.long.count
            for reader in state.readers where reader.readStart != nil { statistics.countRunning(reader.place == .long) }
            return statistics
        }
    }

    /// Ends every read that began before a moment, within some milliseconds.
    ///
    /// Each of them runs once more from its beginning, on what the database holds then; ended again it fails with
    /// `ReadEnded`.
    package func endReads(startedBefore moment: ReadMoment) { recall.recall(before: moment) }

    /// When the oldest read that runs now began; nil when none runs.
    package var oldestRead: ReadMoment? { state.withLock { $0.readers.compactMap(\.readStart).min() } }

    /// Lets no read begin until `resume()`, which must follow each call; those that run go on.
    package func pause() { state.withLock { $0.pause() } }

    /// Ends a pause.
    package func resume() {
        let (awake, vacancies) = state.withLock { $0.resume() }
        for reader in awake { reader.wake.signal() }
        for place in vacancies { startReader(in: place) }
    }

    /// Lets each reader that waits give back the memory of its pages; returns at once.
    package func releaseMemory() {
        for reader in state.withLock({ $0.callToReleaseMemory() }) { reader.wake.signal() }
    }

    /// Waits until no read runs; for use within a pause, and never on a reader's thread.
    ///
    /// - Returns: false when some still do.
    package func waitUntilIdle(within time: Duration) -> Bool {
        let end = ReadMoment.now + time
        while oldestRead != nil {
            guard ReadMoment.now < end else { return false }
            usleep(200)
        }
        return true
    }

    /// Refuses new work and what is queued with `.closed`, interrupts what runs, and ends all threads and connections.
    ///
    /// Safe to call twice. Blocks until done; never call it from a reader's thread.
    package func close() {
        let (waiting, idle, all) = state.withLock { $0.close() }
        for job in waiting { refuse(job, .closed) }
        for reader in idle { reader.wake.signal() }
        for reader in all {
            // A statement that begins just after an interrupt misses it.
            repeat { reader.interrupt() } while !reader.hasEnded()
        }
    }
}
