package import Budgets
internal import Dispatch
internal import Glibc
internal import Synchronization

extension ReaderPool: ReadGate {
    /// The numbers of reads that wait now, that run now, and that have been ended so far.
    package var statistics: ReaderStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.waitingCheap = state.queues.cheap.count
            statistics.waitingExpensive = state.queues.expensive.count + state.queues.continued.count
            statistics.waitingLong = state.queues.long.count
            for reader in state.readers where reader.readStart != nil { statistics.countRunning(reader.kind == .long) }
            return statistics
        }
    }

    /// Each read that is ended starts again, on the newest data; if it is ended for a second time, it fails with `ReadEnded`.
    package func endReads(startedBefore moment: ReadMoment) { cutoff.raise(to: moment) }

    package var oldestRead: ReadMoment? { state.withLock { $0.readers.compactMap(\.readStart).min() } }

    package func pause(_ reads: PausedReads) { state.withLock { $0.pause(reads) } }

    package func resume(_ reads: PausedReads) {
        let (awake, vacancies) = state.withLock { $0.resume(reads) }
        for reader in awake { reader.wake.signal() }
        for kind in vacancies { startReader(kind) }
    }

    /// Makes each idle reader free its cached pages; returns at once.
    package func releaseMemory() {
        for reader in state.withLock({ $0.askIdleReadersToReleaseMemory() }) { reader.wake.signal() }
    }

    /// Never call this method on a reader's thread.
    package func waitForReads(startedBefore moment: ReadMoment, within time: Duration) -> Bool {
        let end = ReadMoment.now + time
        while let oldest = oldestRead, oldest < moment {
            guard ReadMoment.now < end else { return false }
            usleep(200)
        }
        return true
    }

    /// Makes new and waiting reads fail with `.closed`, interrupts running reads, and ends all threads and connections.
    ///
    /// Blocks until all threads have ended; never call it on a reader's thread. Safe to call twice.
    package func close() {
        let (waiting, idle, all) = state.withLock { $0.close() }
        for job in waiting { refuse(job, .closed) }
        for reader in idle { reader.wake.signal() }
        for reader in all {
            // A statement that starts just after an interrupt is not interrupted, so the interrupt is repeated.
            repeat { reader.interrupt() } while !reader.waitForEnd()
        }
    }
}
