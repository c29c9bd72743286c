internal import Budgets

/// What was made for callers that may not have got their answers: bounded in number and time, gone with the process.
///
/// Only touched on the writer's thread. Entries whose answers have arrived go as soon as there are more than a few.
struct UnconfirmedCreations {
    private struct Entry {
        let awaited: AwaitedAnswer
        let answer: any Sendable
        let time: ContinuousClock.Instant
    }

    private let capacity: Int
    private let lifetime: Duration
    private var entries: [Creation.Fingerprint: Entry] = [:]
    private var uncommitted: [Creation.Fingerprint] = []
    /// The number of entries at which those that are of no more use are looked for.
    private var sizeToTidy = tidySize

    private static let tidySize = 64

    init(capacity: Int = 512, lifetime: Duration = .seconds(60)) {
        self.capacity = capacity
        self.lifetime = lifetime
    }

    /// The answer that an earlier request of the same content was given and did not get.
    func answer(to creation: Creation, at now: ContinuousClock.Instant) -> (any Sendable)? {
        guard let entry = entries[creation.fingerprint], entry.awaited.isLost, now - entry.time < lifetime else {
            return nil
        }
        return entry.answer
    }

    mutating func remember(_ answer: any Sendable, to creation: Creation, at now: ContinuousClock.Instant) {
        if entries.count >= sizeToTidy { tidy(now) }
        entries[creation.fingerprint] = Entry(awaited: creation.answer, answer: answer, time: now)
        uncommitted.append(creation.fingerprint)
    }

    mutating func commit() {
        uncommitted.removeAll(keepingCapacity: true)
    }

    /// What was made since the last commit is not there.
    mutating func rollBack() {
        for fingerprint in uncommitted { entries[fingerprint] = nil }
        uncommitted.removeAll(keepingCapacity: true)
    }

    private mutating func tidy(_ now: ContinuousClock.Instant) {
        entries = entries.filter { !$0.value.awaited.hasArrived && now - $0.value.time < lifetime }
        if entries.count >= capacity {
            let newest = entries.sorted { $0.value.time > $1.value.time }.prefix(capacity / 2)
            entries = Dictionary(uniqueKeysWithValues: newest.map { ($0.key, $0.value) })
        }
        // Twice as many before the next look: the cost of looking stays a constant for each creation.
        sizeToTidy = min(max(Self.tidySize, entries.count * 2), capacity)
    }
}
