/// What other programs have locked so long that a change of it was refused.
///
/// The changes of these things wait only briefly for a lock for some time, so that clients that come again do not hold up the
/// changes of all others anew. Used only on one thread of the writer.
final class LockMemory {
    /// What a request changes, for which it may meet a lock.
    enum Thing: Hashable {
        case run(String)
        case experiment(Int64)
    }

    private var ends: [Thing: ContinuousClock.Instant] = [:]
    private var generalEnd = ContinuousClock.now

    /// How long a thing is remembered.
    private static let time = Duration.seconds(30)
    private static let maximumCount = 1_024

    /// Whether all changes wait only briefly, because it is not known what is locked.
    var isGeneral: Bool { .now < generalEnd }

    var isEmpty: Bool { ends.isEmpty }

    func contains(_ thing: Thing) -> Bool { ends[thing].map { .now < $0 } ?? false }

    /// Remembers a thing; nil stands for one that is not known.
    ///
    /// One that is remembered already is not remembered for longer, so that programs which change the same rows now and then are
    /// waited for again.
    func note(_ thing: Thing?) {
        let now = ContinuousClock.now
        guard let thing else { return noteAll(at: now) }
        guard !contains(thing) else { return }
        if ends.count >= Self.maximumCount { ends = ends.filter { now < $0.value } }
        // So many are rather a whole table.
        guard ends.count < Self.maximumCount else { return noteAll(at: now) }
        ends[thing] = now + Self.time
    }

    private func noteAll(at now: ContinuousClock.Instant) {
        if generalEnd < now { generalEnd = now + Self.time }
    }
}

/// A request would change something that is known to be locked, in a transaction that waits for locks.
struct MeetsKnownLock: Error {}
