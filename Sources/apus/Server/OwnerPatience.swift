internal import Glibc
internal import SQLite

/// What a start does when another server owns the data.
struct OwnerPatience {
    /// Longer than a server takes to stop, and usually longer than it takes to start after a crash.
    private static let longestWait = Duration.seconds(15)

    private let isAsked: Bool
    private let end: ContinuousClock.Instant

    /// - Parameter isAsked: whether the other server's address is an acceptable result, as `--reuse` says.
    init(isAsked: Bool) {
        self.isAsked = isAsked
        end = .now + Self.longestWait
    }

    /// Returns the address of the server that owns the data; after a pause it returns nil when the start should be
    /// tried again.
    ///
    /// - Throws: the failure itself when waiting cannot help.
    func address(after failure: StartFailure) throws(StartFailure) -> String? {
        guard isAsked, let owner = failure.owner else { throw failure }
        if case .known(let owner) = owner {
            // A loopback address of another machine would lead to a different server or to none.
            guard owner.isOnThisMachine else { throw failure }
            if let address = owner.address { return address }
        }
        guard .now < end else { throw failure }
        usleep(50_000)
        return nil
    }
}
