internal import Budgets

extension ReaderPool {
    /// Who waits, who works, and how many there may be of each.
    struct State {
        /// One number for each kind of place.
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

        var lines = ReaderLines()
        var statistics = ReaderStatistics()
        private(set) var isClosed = false
        /// All that have a thread.
        private(set) var readers: [Reader] = []
        private var deliveries = ArrivalLine<@Sendable () -> Void>()
        /// Those that wait, the one used last behind the others, so that a lone client always meets the same.
        private var idle: [Reader] = []
        private var pauses = 0
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
            guard pauses == 0 else { return nil }
            if cost == .cheap, let reader = takeIdle(.reserved) { return reader }
            return takeIdle(.general)
        }

        private mutating func takeIdle(_ place: Reader.Place) -> Reader? {
            idle.lastIndex { $0.place == place }.map { idle.remove(at: $0) }
        }

        /// A place for one more reader that serves such reads.
        mutating func claimPlace(for cost: ReadCost) -> Reader.Place? {
            guard pauses == 0 else { return nil }
            if cost == .cheap, let place = claim(.reserved) { return place }
            return claim(.general)
        }

        private mutating func claim(_ place: Reader.Place) -> Reader.Place? {
            guard taken[place] < capacity[place] else { return nil }
            taken[place] += 1
            return place
        }

        /// - Returns: its number among all that ever were.
        mutating func add(_ reader: Reader) -> Int {
            readers.append(reader)
            startedReaders += 1
            return startedReaders
        }

        /// The reader has no thread.
        ///
        /// - Returns: all that waits, if nobody is left to serve it.
        mutating func giveUp(_ reader: Reader) -> [ReaderJob] {
            remove(reader)
            return shortReaders == 0 ? lines.removeAll() : []
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
            guard pauses == 0 else { return nil }
            return lines.popFirst(for: reader.place).map { .perform($0) }
        }

        /// Whether the reader, for which there is nothing to do, ends its thread; else it now waits.
        mutating func retires(_ reader: Reader) -> Bool {
            if isClosed { return true }
            if reader.place == .long, lines.long.isEmpty {
                remove(reader)
                return true
            }
            idle.append(reader)
            return false
        }

        /// Takes what a long read found to those at an ordinary priority.
        ///
        /// - Returns: nil: it was not taken. A reader to wake, if one waits.
        mutating func takeDelivery(_ deliver: @escaping @Sendable () -> Void) -> Reader?? {
            guard !isClosed, shortReaders > 0 else { return nil }
            deliveries.append(deliver)
            return .some(takeIdle(.reserved) ?? takeIdle(.general))
        }

        /// - Returns: false once closed.
        mutating func queueAgain(_ job: ReaderJob, isLong: Bool) -> Bool {
            guard !isClosed else { return false }
            // A long reader that has found nothing more to do is gone by now.
            if isLong, taken[.long] > 0 { lines.long.append(job) } else { lines.append(job) }
            return true
        }

        /// Makes a reader's place free; nil when enough long ones run.
        ///
        /// - Returns: places that have been claimed for readers to start; without the first nobody might be left.
        mutating func makeLong(_ reader: Reader) -> [Reader.Place]? {
            guard taken[.long] < capacity[.long] else { return nil }
            move(reader, to: .long)
            guard !isClosed else { return [] }
            var vacancies: [Reader.Place] = []
            if taken[.reserved] == 0, let place = claim(.reserved) { vacancies.append(place) }
            let isWanted = shortReaders == 0 || !lines.dear.isEmpty || !lines.continued.isEmpty
            if isWanted, let place = claim(.general) { vacancies.append(place) }
            return vacancies
        }

        /// Whether no other reader is there for what is short: then this one stays in its place.
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

        /// Asks those that wait to give back their memory.
        ///
        /// - Returns: readers to wake.
        mutating func callToReleaseMemory() -> [Reader] {
            for reader in idle { reader.mustReleaseMemory = true }
            defer { idle = [] }
            return idle
        }

        // MARK: Pauses and the end

        mutating func pause() { pauses += 1 }

        /// - Returns: readers to wake, and places that have been claimed for readers to start.
        mutating func resume() -> (awake: [Reader], vacancies: [Reader.Place]) {
            pauses -= 1
            guard pauses == 0, !isClosed, !lines.isEmpty else { return ([], []) }
            var vacancies: [Reader.Place] = []
            if !lines.cheap.isEmpty, let place = claim(.reserved) { vacancies.append(place) }
            while vacancies.count < lines.dear.count + lines.continued.count, let place = claim(.general) {
                vacancies.append(place)
            }
            defer { idle = [] }
            return (idle, vacancies)
        }

        /// - Returns: what waits, and all readers, those first that have to be woken.
        mutating func close() -> (waiting: [ReaderJob], idle: [Reader], all: [Reader]) {
            isClosed = true
            defer { (idle, readers) = ([], []) }
            return (lines.removeAll(), idle, readers)
        }
    }
}
