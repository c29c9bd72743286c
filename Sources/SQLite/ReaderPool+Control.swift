internal import Dispatch
internal import Glibc
internal import Synchronization

extension ReaderPool {
    /// The number of reads that wait for a reader.
    package var queueDepth: Int { statistics.waiting }

    /// The reads that wait, that run, and that were ended so far.
    package var statistics: ReaderStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.waitingCheap = state.queues.cheap.count
            statistics.waitingExpensive = state.queues.expensive.count + state.queues.continued.count
            statistics.waitingLong = state.queues.long.count
            for reader in state.readers where reader.readStart != nil { statistics.countRunning(reader.place == .long) }
            return statistics
        }
    }

    /// Ends every read that began before `moment`, within some milliseconds.
    ///
    /// Each of them runs once more from its beginning, on the newest data; if ended again, it fails with `ReadEnded`.
    package func endReads(startedBefore moment: ReadMoment) { recall.recall(before: moment) }

    /// The start of the oldest running read; nil if none runs.
    package var oldestRead: ReadMoment? { state.withLock { $0.readers.compactMap(\.readStart).min() } }

    /// Blocks new reads until `resume`, which must follow each call; running reads continue.
    package func pause(_ reads: PausedReads) { state.withLock { $0.pause(reads) } }

    /// Ends one `pause` of the same reads.
    package func resume(_ reads: PausedReads) {
        let (awake, vacancies) = state.withLock { $0.resume(reads) }
        for reader in awake { reader.wake.signal() }
        for place in vacancies { startReader(in: place) }
    }

    /// Makes each idle reader free its cached pages; returns at once.
    package func releaseMemory() {
        for reader in state.withLock({ $0.callToReleaseMemory() }) { reader.wake.signal() }
    }

    /// Waits until every running read began at or after `moment`; never call it on a reader's thread.
    ///
    /// - Returns: false if the time ran out.
    package func waitForReads(startedBefore moment: ReadMoment, within time: Duration) -> Bool {
        let end = ReadMoment.now + time
        while let oldest = oldestRead, oldest < moment {
            guard ReadMoment.now < end else { return false }
            usleep(200)
        }
        return true
    }

    /// Fails new and queued reads with `.closed`, interrupts running ones, and ends all threads and connections.
    ///
    /// Safe to call twice. Blocks until done; never call it from a reader's thread.
    package func close() {
        let (waiting, idle, all) = state.withLock { $0.close() }
        for job in waiting { refuse(job, .closed) }
        for reader in idle { reader.wake.signal() }
        for reader in all {
            // An interrupt misses a statement that starts just after it, so repeat it.
            repeat { reader.interrupt() } while !reader.hasEnded()
        }
    }
}
