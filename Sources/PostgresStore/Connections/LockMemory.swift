/// The runs and experiments that another program has locked for so long that a request to change them was refused.
///
/// For some time after that, requests to change them wait only briefly for the lock, so that a client that repeats its request
/// does not delay the requests of other clients again. Used only on one thread of the writer.
final class LockMemory {
    /// What a request changes, and another program may have locked.
    enum Thing: Hashable {
        case run(String)
        case experiment(Int64)
    }

    private var ends: [Thing: ContinuousClock.Instant] = [:]
    private var generalEnd = ContinuousClock.now

    /// How long a run or experiment is remembered.
    private static let time = Duration.seconds(30)
    private static let maximumCount = 1_024

    /// Whether all changes wait only briefly, because it is unknown what is locked.
    var isGeneral: Bool { .now < generalEnd }

    var isEmpty: Bool { ends.isEmpty }

    func contains(_ thing: Thing) -> Bool { ends[thing].map { .now < $0 } ?? false }

    /// Remembers that a run or experiment is locked; nil if it is unknown what is locked.
    ///
    /// The time is not prolonged if the thing is remembered already. Therefore a request waits the full time again afterwards,
    /// because the other program may lock the rows only now and then.
    func note(_ thing: Thing?) {
        let now = ContinuousClock.now
        guard let thing else { return noteAll(at: now) }
        guard !contains(thing) else { return }
        if ends.count >= Self.maximumCount { ends = ends.filter { now < $0.value } }
        // So many locked runs and experiments probably mean that whole tables are locked.
        guard ends.count < Self.maximumCount else { return noteAll(at: now) }
        ends[thing] = now + Self.time
    }

    private func noteAll(at now: ContinuousClock.Instant) {
        if generalEnd < now { generalEnd = now + Self.time }
    }
}

/// The error if a request would change something that is known to be locked, in a transaction that waits the full time for locks.
struct MeetsKnownLock: Error {}
