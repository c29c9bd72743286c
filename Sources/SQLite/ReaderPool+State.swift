internal import Budgets
internal import Threads

extension ReaderPool {
    /// The waiting reads, the readers, and the number of readers allowed.
    struct State {
        /// A number of readers of each kind.
        struct KindCounts {
            private var counts: (reserved: Int, general: Int, long: Int)

            init(reserved: Int = 0, general: Int = 0, long: Int = 0) { counts = (reserved, general, long) }

            subscript(kind: Reader.Kind) -> Int {
                get {
                    switch kind {
                    case .reserved: counts.reserved
                    case .general: counts.general
                    case .long: counts.long
                    }
                }
                set {
                    switch kind {
                    case .reserved: counts.reserved = newValue
                    case .general: counts.general = newValue
                    case .long: counts.long = newValue
                    }
                }
            }
        }

        var queues = ReaderQueues()
        var statistics = ReaderStatistics()
        private(set) var isClosed = false
        /// All readers that have a thread.
        private(set) var readers: [Reader] = []
        /// The results of long reads, which readers of ordinary priority must pass to the callers.
        private var deliveries = FIFOQueue<@Sendable () -> Void>()
        /// The readers without work; the last one worked last and is used first, so that a lone client always gets the
        /// same reader.
        private var idle: [Reader] = []
        /// How often all reads, or the expensive ones, are paused now.
        private var pauses: (all: Int, expensive: Int) = (0, 0)
        private var startedReaders = 0
        /// The number of reads of each peer that general readers run now.
        private var runningReads: [Peer: Int] = [:]
        /// The peer whose read the reserved reader runs now.
        private var reservedPeer: Peer?
        private let contention: Contention
        private let capacity: KindCounts
        private var readerCounts = KindCounts()

        init(readers: Int, longReads: Int, contention: Contention) {
            self.contention = contention
            let reserved = readers > 1 ? 1 : 0
            capacity = KindCounts(reserved: reserved, general: readers - reserved, long: longReads)
        }

        private var shortReaders: Int { readerCounts[.reserved] + readerCounts[.general] }

        /// Gives a new read to an idle reader, which must be woken; nil if the read has to wait.
        mutating func takeIdleReader(for job: ReaderJob) -> Reader? {
            guard !isPaused(job.cost) else { return nil }
            if job.cost == .cheap, let reader = takeIdle(.reserved) {
                reader.job = job
                countRunning(job, on: reader)
                return reader
            }
            guard mayRunMore(for: job.caller.client, job.cost), let reader = takeIdle(.general) else { return nil }
            reader.job = job
            countRunning(job, on: reader)
            return reader
        }

        /// Whether a general reader may run a read of this peer now.
        ///
        /// While several clients send requests, each has at most one general reader, and none for cheap reads while the reserved
        /// reader runs one of its own, so that no client uses all processors.
        private func mayRunMore(for peer: Peer, _ cost: ReadCost) -> Bool {
            guard contention.isPresent else { return true }
            return runningReads[peer] == nil && (cost != .cheap || reservedPeer != peer)
        }

        private mutating func countRunning(_ job: ReaderJob, on reader: Reader) {
            switch reader.kind {
            case .reserved: reservedPeer = job.caller.client
            case .general:
                reader.peer = job.caller.client
                runningReads[job.caller.client, default: 0] += 1
            case .long: break
            }
        }

        private mutating func uncountRunning(on reader: Reader) {
            if reader.kind == .reserved { reservedPeer = nil }
            guard let peer = reader.peer else { return }
            reader.peer = nil
            let left = runningReads[peer, default: 1] - 1
            runningReads[peer] = left == 0 ? nil : left
        }

        private mutating func takeIdle(_ kind: Reader.Kind) -> Reader? {
            idle.lastIndex { $0.kind == kind }.map { idle.remove(at: $0) }
        }

        /// Counts one more reader for reads of this cost, which the caller must start; nil if no further reader may start.
        mutating func reserveReader(for cost: ReadCost) -> Reader.Kind? {
            guard !isPaused(cost) else { return nil }
            if cost == .cheap, let kind = reserveReader(.reserved) { return kind }
            return reserveReader(.general)
        }

        private mutating func reserveReader(_ kind: Reader.Kind) -> Reader.Kind? {
            guard readerCounts[kind] < capacity[kind] else { return nil }
            readerCounts[kind] += 1
            return kind
        }

        /// - Returns: the reader's number among all readers that the pool has ever started.
        mutating func add(_ reader: Reader) -> Int {
            readers.append(reader)
            startedReaders += 1
            return startedReaders
        }

        /// Removes a reader whose thread could not be started.
        ///
        /// - Returns: all waiting reads, if no reader is left to serve them.
        mutating func removeUnstarted(_ reader: Reader) -> [ReaderJob] {
            remove(reader)
            return shortReaders == 0 ? queues.removeAll() : []
        }

        private mutating func remove(_ reader: Reader) {
            readers.removeAll { $0 === reader }
            readerCounts[reader.kind] -= 1
        }

        mutating func nextTask(for reader: Reader) -> ReaderTask? {
            if let job = reader.job {
                reader.job = nil
                return .perform(job)
            }
            uncountRunning(on: reader)
            if reader.kind != .long, let deliver = deliveries.popFirst() { return .deliver(deliver) }
            if reader.mustReleaseMemory {
                reader.mustReleaseMemory = false
                return .releaseMemory
            }
            guard !isPaused(.cheap) else { return nil }
            let job = queues.popFirst(for: reader.kind, onlyCheap: isPaused(.expensive), where: mayRunMore)
            guard let job else { return nil }
            countRunning(job, on: reader)
            return .perform(job)
        }

        /// Adds a reader without work to the idle ones if it is still needed.
        ///
        /// - Returns: whether its thread must end.
        mutating func retireOrWait(_ reader: Reader) -> Bool {
            if isClosed { return true }
            if reader.kind == .long, queues.long.isEmpty {
                remove(reader)
                return true
            }
            idle.append(reader)
            return false
        }

        /// Queues the delivery of a long read's result for a reader of ordinary priority.
        ///
        /// - Returns: nil if there is no reader of ordinary priority; otherwise an idle reader to wake, or nil inside
        ///   the optional if all are busy.
        mutating func queueDelivery(_ deliver: @escaping @Sendable () -> Void) -> Reader?? {
            guard !isClosed, shortReaders > 0 else { return nil }
            deliveries.append(deliver)
            return .some(takeIdle(.reserved) ?? takeIdle(.general))
        }

        /// - Returns: false if the pool is closed.
        mutating func queueAgain(_ job: ReaderJob, isLong: Bool) -> Bool {
            guard !isClosed else { return false }
            // If there is no reader for long reads any more, a reader of ordinary priority runs the job.
            if isLong, readerCounts[.long] > 0 { queues.long.append(job) } else { queues.append(job) }
            return true
        }

        /// Changes a reader into one for long reads.
        ///
        /// - Returns: the kinds of readers to start in its place; nil if as many long reads run as are allowed. If the
        ///   first of these readers cannot be started, `makeShortIfAlone` must follow.
        mutating func makeLong(_ reader: Reader) -> [Reader.Kind]? {
            guard readerCounts[.long] < capacity[.long] else { return nil }
            uncountRunning(on: reader)
            move(reader, to: .long)
            guard !isClosed else { return [] }
            var vacancies: [Reader.Kind] = []
            if readerCounts[.reserved] == 0, let kind = reserveReader(.reserved) { vacancies.append(kind) }
            let isNeeded = shortReaders == 0 || !queues.expensive.isEmpty || !queues.continued.isEmpty
            if isNeeded, let kind = reserveReader(.general) { vacancies.append(kind) }
            return vacancies
        }

        /// Changes a reader back to its former kind if no other reader serves short reads.
        ///
        /// - Returns: whether the reader was changed.
        mutating func makeShortIfAlone(_ reader: Reader, _ kind: Reader.Kind) -> Bool {
            guard shortReaders == 0 else { return false }
            move(reader, to: kind)
            return true
        }

        private mutating func move(_ reader: Reader, to kind: Reader.Kind) {
            readerCounts[reader.kind] -= 1
            reader.kind = kind
            readerCounts[kind] += 1
        }

        /// Asks the idle readers to free their cached pages.
        ///
        /// - Returns: the readers to wake.
        mutating func askIdleReadersToReleaseMemory() -> [Reader] {
            for reader in idle { reader.mustReleaseMemory = true }
            defer { idle = [] }
            return idle
        }

        private func isPaused(_ cost: ReadCost) -> Bool { pauses.all > 0 || pauses.expensive > 0 && cost != .cheap }

        mutating func pause(_ reads: PausedReads) { changePauses(of: reads, by: 1) }

        private mutating func changePauses(of reads: PausedReads, by change: Int) {
            switch reads {
            case .all: pauses.all += change
            case .expensive: pauses.expensive += change
            }
        }

        /// - Returns: the readers to wake, and the kinds of readers to start.
        mutating func resume(_ reads: PausedReads) -> (awake: [Reader], vacancies: [Reader.Kind]) {
            changePauses(of: reads, by: -1)
            guard !isPaused(.cheap), !isClosed, !queues.isEmpty else { return ([], []) }
            var vacancies: [Reader.Kind] = []
            if !queues.cheap.isEmpty, let kind = reserveReader(.reserved) { vacancies.append(kind) }
            let wanted = isPaused(.expensive) ? 0 : queues.expensive.count + queues.continued.count
            while vacancies.count < wanted, let kind = reserveReader(.general) { vacancies.append(kind) }
            defer { idle = [] }
            return (idle, vacancies)
        }

        /// - Returns: the waiting reads, the idle readers to wake, and all readers.
        mutating func close() -> (waiting: [ReaderJob], idle: [Reader], all: [Reader]) {
            isClosed = true
            defer { (idle, readers) = ([], []) }
            return (queues.removeAll(), idle, readers)
        }
    }
}
