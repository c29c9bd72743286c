internal import Glibc
internal import SQLite

/// What a start does when another server owns the data.
struct OwnerWait {
    /// Longer than a server takes to stop.
    ///
    /// One that lives is waited for longer: it may restore a large snapshot.
    static let longestWait = Duration.seconds(15)
    private static let betweenWords = Duration.seconds(10)

    private let isAsked: Bool
    private let longestWait: Duration
    private var end: ContinuousClock.Instant
    private var nextWord: ContinuousClock.Instant

    /// - Parameters:
    ///   - isAsked: whether the other server's address is an acceptable result, as `--reuse` says.
    ///   - longestWait: how long is waited while no process is known that may come to an end with its start or stop.
    init(isAsked: Bool, longestWait: Duration = Self.longestWait) {
        self.isAsked = isAsked
        self.longestWait = longestWait
        end = .now + longestWait
        nextWord = .now + Self.betweenWords
    }

    /// Returns the server that owns the data, which has an address; after a pause it returns nil when the start should
    /// be tried again.
    ///
    /// - Throws: the failure itself when waiting cannot help.
    mutating func reachableOwner(after failure: StartFailure) throws(StartFailure) -> ReachableOwner? {
        guard isAsked, let owner = failure.owner else { throw failure }
        if case .known(let owner) = owner {
            // A loopback address of another machine would lead to a different server or to none.
            guard owner.isOnThisMachine else { throw failure }
            if let place = ReachableOwner(owner) { return place }
            if kill(owner.pid, 0) == 0 || errno == EPERM {
                end = .now + longestWait
                sayThatItWaits(for: owner)
                return pause()
            }
        }
        guard .now < end else { throw failure }
        return pause()
    }

    private func pause() -> ReachableOwner? {
        sleepFor(.milliseconds(50))
        return nil
    }

    private mutating func sayThatItWaits(for owner: OwnerLock.Owner) {
        guard .now >= nextWord else { return }
        nextWord = .now + Self.betweenWords
        let line = "apus: waiting for process \(owner.pid), which starts or stops a server on these data"
        StandardStream.error.write(line)
    }
}

/// Where the server of a data folder answers, and what a command on its machine shows to it.
struct ReachableOwner: Equatable {
    let address: String
    let key: String?
    let requiresTokens: Bool

    /// nil while the server starts or stops.
    init?(_ owner: OwnerLock.Owner) {
        guard let address = owner.address else { return nil }
        self.address = address
        key = owner.key
        requiresTokens = owner.requiresTokens
    }
}
