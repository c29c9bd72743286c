internal import Budgets

extension ReaderPool {
    /// The waiting reads, the readers, and the number of readers allowed.
    struct State {
        /// A number for each kind of reader.
        struct Places {
            private var numbers: (reserved: Int, general: Int, long: Int)

            init(reserved: Int = 0, general: Int = 0, long: Int = 0) {
                numbers = (reserved, general, long)
            }

            subscript(place: Reader.Place) -> Int {
                get {
                    switch place {
                    case .reserved: numbers.reserved
                    case .general: numbers.general
                    case .long: numbers.long
                    }
                }
                set {
                    switch place {
                    case .reserved: numbers.reserved = newValue
                    case .general: numbers.general = newValue
                    case .long: numbers.long = newValue
                    }
                }
            }
        }

        var queues = ReaderQueues()
        var statistics = ReaderStatistics()
        private(set) var isClosed = false
        /// All readers that have a thread.
        private(set) var readers: [Reader] = []
        private var deliveries = FIFOQueue<@Sendable () -> Void>()
        /// The waiting readers, the one used last at the end, so that a lone client always gets the same reader.
        private var idle: [Reader] = []
        private var pauses: (all: Int, expensive: Int) = (0, 0)
        private var startedReaders = 0
        private let capacity: Places
        private var taken = Places()

        init(readers: Int, longReads: Int) {
            let reserved = readers > 1 ? 1 : 0
            capacity = Places(reserved: reserved, general: readers - reserved, long: longReads)
        }

        private var shortReaders: Int { taken[.reserved] + taken[.general] }

        // MARK: Readers

        mutating func takeIdleReader(for cost: ReadCost) -> Reader? {
            guard !isPaused(cost) else { return nil }
            if cost == .cheap, let reader = takeIdle(.reserved) { return reader }
            return takeIdle(.general)
        }

        private mutating func takeIdle(_ place: Reader.Place) -> Reader? {
            idle.lastIndex { $0.place == place }.map { idle.remove(at: $0) }
        }

        /// Reserves the start of one more reader for reads of this cost; nil if there are enough.
        mutating func claimPlace(for cost: ReadCost) -> Reader.Place? {
            guard !isPaused(cost) else { return nil }
            if cost == .cheap, let place = claim(.reserved) { return place }
            return claim(.general)
        }

        private mutating func claim(_ place: Reader.Place) -> Reader.Place? {
            guard taken[place] < capacity[place] else { return nil }
            taken[place] += 1
            return place
        }

        /// - Returns: the reader's number, counting all readers ever started.
        mutating func add(_ reader: Reader) -> Int {
            readers.append(reader)
            startedReaders += 1
            return startedReaders
        }

        /// Removes a reader whose thread could not be started.
        ///
        /// - Returns: all waiting reads, if no reader is left to serve them.
        mutating func giveUp(_ reader: Reader) -> [ReaderJob] {
            remove(reader)
            return shortReaders == 0 ? queues.removeAll() : []
        }

        private mutating func remove(_ reader: Reader) {
            readers.removeAll { $0 === reader }
            taken[reader.place] -= 1
        }

        // MARK: Work

        mutating func nextTask(for reader: Reader) -> ReaderTask? {
            if let job = reader.job {
                reader.job = nil
                return .perform(job)
            }
            if reader.place != .long, let deliver = deliveries.popFirst() { return .deliver(deliver) }
            if reader.mustReleaseMemory {
                reader.mustReleaseMemory = false
                return .releaseMemory
            }
            guard !isPaused(.cheap) else { return nil }
            return queues.popFirst(for: reader.place, onlyCheap: isPaused(.expensive)).map { .perform($0) }
        }

        /// Whether an idle reader ends its thread; otherwise it waits from now on.
        mutating func retires(_ reader: Reader) -> Bool {
            if isClosed { return true }
            if reader.place == .long, queues.long.isEmpty {
                remove(reader)
                return true
            }
            idle.append(reader)
            return false
        }

        /// Passes the result of a long read to a reader of ordinary priority.
        ///
        /// - Returns: nil if there is no such reader; otherwise a reader to wake, if one is idle.
        mutating func takeDelivery(_ deliver: @escaping @Sendable () -> Void) -> Reader?? {
            guard !isClosed, shortReaders > 0 else { return nil }
            deliveries.append(deliver)
            return .some(takeIdle(.reserved) ?? takeIdle(.general))
        }

        /// - Returns: false if the pool is closed.
        mutating func queueAgain(_ job: ReaderJob, isLong: Bool) -> Bool {
            guard !isClosed else { return false }
            // If no reader for long reads is left, the job goes to the ordinary queues.
            if isLong, taken[.long] > 0 { queues.long.append(job) } else { queues.append(job) }
            return true
        }

        /// Makes the reader one for long reads; returns nil if enough of them run.
        ///
        /// - Returns: the kinds of readers to start; the first may be the only one left for short reads.
        mutating func makeLong(_ reader: Reader) -> [Reader.Place]? {
            guard taken[.long] < capacity[.long] else { return nil }
            let former = reader.place
            move(reader, to: .long)
            guard !isClosed else { return [] }
            var vacancies: [Reader.Place] = []
            // Another reader has a low priority already, which a reader that it starts would have too; the first cheap read
            // starts the reserved one.
            if former == .reserved, let place = claim(.reserved) { vacancies.append(place) }
            let isWanted = shortReaders == 0 || !queues.expensive.isEmpty || !queues.continued.isEmpty
            if isWanted, let place = claim(.general) { vacancies.append(place) }
            return vacancies
        }

        /// Makes the reader one for short reads again if there is no other; true if it did.
        mutating func makeShortIfAlone(_ reader: Reader, _ place: Reader.Place) -> Bool {
            guard shortReaders == 0 else { return false }
            move(reader, to: place)
            return true
        }

        private mutating func move(_ reader: Reader, to place: Reader.Place) {
            taken[reader.place] -= 1
            reader.place = place
            taken[place] += 1
        }

        /// Asks the idle readers to free their cached pages.
        ///
        /// - Returns: readers to wake.
        mutating func callToReleaseMemory() -> [Reader] {
            for reader in idle { reader.mustReleaseMemory = true }
            defer { idle = [] }
            return idle
        }

        // MARK: Pauses and the end

        private func isPaused(_ cost: ReadCost) -> Bool { pauses.all > 0 || pauses.expensive > 0 && cost != .cheap }

        mutating func pause(_ reads: PausedReads) { count(reads, 1) }

        private mutating func count(_ reads: PausedReads, _ change: Int) {
            switch reads {
            case .all: pauses.all += change
            case .expensive: pauses.expensive += change
            }
        }

        /// - Returns: readers to wake, and the kinds of readers to start.
        mutating func resume(_ reads: PausedReads) -> (awake: [Reader], vacancies: [Reader.Place]) {
            count(reads, -1)
            guard !isPaused(.cheap), !isClosed, !queues.isEmpty else { return ([], []) }
            var vacancies: [Reader.Place] = []
            if !queues.cheap.isEmpty, let place = claim(.reserved) { vacancies.append(place) }
            let wanted = isPaused(.expensive) ? 0 : queues.expensive.count + queues.continued.count
            while vacancies.count < wanted, let place = claim(.general) {
                vacancies.append(place)
            }
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
