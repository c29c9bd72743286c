/// The runs and experiments that another program has locked for so long that a request to change them was refused.
///
/// For some time after that, requests to change them wait only briefly for the lock, so that a client that repeats its request
/// does not delay the requests of other clients again. Used only on one thread of the writer.
final class KnownLocks {
    /// An entity that a request changes and that another program may have locked.
    enum Entity: Hashable {
        case run(String)
        case experiment(Int64)
    }

    private var expirations: [Entity: ContinuousClock.Instant] = [:]
    private var coversAllUntil = ContinuousClock.now

    /// How long a run or experiment is remembered.
    private static let duration = Duration.seconds(30)
    private static let maximumCount = 1_024

    /// Whether all changes wait only briefly, because it is unknown what is locked.
    var coversAll: Bool { .now < coversAllUntil }

    var isEmpty: Bool { expirations.isEmpty }

    func contains(_ entity: Entity) -> Bool { expirations[entity].map { .now < $0 } ?? false }

    /// Remembers that a run or experiment is locked; nil if it is unknown what is locked.
    ///
    /// If the entity is remembered already, the time is not prolonged, so that a later request waits the full time again: the
    /// other program may lock the rows only now and then.
    func remember(_ entity: Entity?) {
        let now = ContinuousClock.now
        guard let entity else { return rememberAll(at: now) }
        guard !contains(entity) else { return }
        if expirations.count >= Self.maximumCount { expirations = expirations.filter { now < $0.value } }
        // So many locked runs and experiments probably mean that whole tables are locked.
        guard expirations.count < Self.maximumCount else { return rememberAll(at: now) }
        expirations[entity] = now + Self.duration
    }

    private func rememberAll(at now: ContinuousClock.Instant) {
        if coversAllUntil < now { coversAllUntil = now + Self.duration }
    }
}

/// The error for a request that would change something known to be locked, in a transaction that waits the full time for locks.
struct WouldWaitForKnownLock: Error {}
