internal import Budgets

/// Remembers, in memory, the answers of creations whose clients may not have received them.
///
/// The number of answers and their age are limited. Answers that have been received are dropped from time to time. Used
/// only on the writer's thread.
package struct UnconfirmedCreations {
    private struct Entry {
        let awaited: AwaitedAnswer
        let answer: any Sendable
        let time: ContinuousClock.Instant
    }

    private let capacity: Int
    private let lifetime: Duration
    private var entries: [Creation.Fingerprint: Entry] = [:]
    private var uncommitted: [Creation.Fingerprint] = []
    /// The number of entries at which the expired and received entries are dropped.
    private var sizeToTidy = tidySize

    private static let tidySize = 64

    package init(capacity: Int = 512, lifetime: Duration = .seconds(60)) {
        self.capacity = capacity
        self.lifetime = lifetime
    }

    /// Returns the answer of an earlier identical request whose client disconnected before it received the answer.
    ///
    /// An answer that the client has received by now is not returned.
    package func answer(for creation: Creation, at now: ContinuousClock.Instant) -> (any Sendable)? {
        guard let entry = entries[creation.fingerprint], entry.awaited.isLost, now - entry.time < lifetime else {
            return nil
        }
        return entry.answer
    }

    package mutating func remember(_ answer: any Sendable, for creation: Creation, at now: ContinuousClock.Instant) {
        if entries.count >= sizeToTidy { tidy(now) }
        entries[creation.fingerprint] = Entry(awaited: creation.answer, answer: answer, time: now)
        uncommitted.append(creation.fingerprint)
    }

    package mutating func commit() {
        uncommitted.removeAll(keepingCapacity: true)
    }

    /// Forgets the creations since the last commit, because the rollback has undone them.
    package mutating func rollBack() {
        for fingerprint in uncommitted { entries[fingerprint] = nil }
        uncommitted.removeAll(keepingCapacity: true)
    }

    private mutating func tidy(_ now: ContinuousClock.Instant) {
        entries = entries.filter { !$0.value.awaited.hasArrived && now - $0.value.time < lifetime }
        if entries.count >= capacity {
            let newest = entries.sorted { $0.value.time > $1.value.time }.prefix(capacity / 2)
            entries = Dictionary(uniqueKeysWithValues: newest.map { ($0.key, $0.value) })
        }
        // The next call of `tidy` comes when there are twice as many entries, so its cost per creation is constant.
        sizeToTidy = min(max(Self.tidySize, entries.count * 2), capacity)
    }
}
