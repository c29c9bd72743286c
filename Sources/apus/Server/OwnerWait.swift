internal import Glibc
internal import SQLite

/// Decides how long the start of a server waits while another server owns the data.
struct OwnerWait {
    /// How long to wait while the owner's process is unknown or has ended; longer than a server takes to stop.
    ///
    /// The wait for a process that is running has no limit, because it may be restoring a large snapshot.
    static let longestWait = Duration.seconds(15)
    private static let betweenMessages = Duration.seconds(10)

    private let acceptsOwner: Bool
    private let longestWait: Duration
    private var end: ContinuousClock.Instant
    private var nextMessage: ContinuousClock.Instant

    /// - Parameters:
    ///   - acceptsOwner: whether the caller accepts the address of the other server as a result, as with `--reuse`.
    ///   - longestWait: how long to wait while the owner's process is unknown or has ended.
    init(acceptsOwner: Bool, longestWait: Duration = Self.longestWait) {
        self.acceptsOwner = acceptsOwner
        self.longestWait = longestWait
        end = .now + longestWait
        nextMessage = .now + Self.betweenMessages
    }

    /// Returns the server that owns the data if it has an address; otherwise sleeps for 50 ms and returns nil, so that the
    /// caller tries again.
    ///
    /// - Throws: `failure` if waiting cannot help.
    mutating func reachableOwner(after failure: StartFailure) throws(StartFailure) -> ReachableOwner? {
        guard acceptsOwner, let owner = failure.owner else { throw failure }
        if case .known(let owner) = owner {
            // A loopback address of another machine would lead to a different server or to none.
            guard owner.isOnThisMachine else { throw failure }
            if let reachable = ReachableOwner(owner) { return reachable }
            if kill(owner.pid, 0) == 0 || errno == EPERM {
                end = .now + longestWait
                reportWaiting(for: owner)
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

    private mutating func reportWaiting(for owner: OwnerLock.Owner) {
        guard .now >= nextMessage else { return }
        nextMessage = .now + Self.betweenMessages
        let line = "apus: waiting for process \(owner.pid), which is starting or stopping a server on this data"
        StandardStream.error.write(line)
    }
}

/// A server that has a data folder open, and its address for commands on the same machine.
struct ReachableOwner: Equatable {
    let address: String
    /// The secret by which the server recognizes commands that run on its machine.
    let key: String?
    let requiresTokens: Bool

    /// - Returns: nil if the server has no address, because it is starting or stopping.
    init?(_ owner: OwnerLock.Owner) {
        guard let address = owner.address else { return nil }
        self.address = address
        key = owner.key
        requiresTokens = owner.requiresTokens
    }
}
