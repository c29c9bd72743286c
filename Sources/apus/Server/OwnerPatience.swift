internal import Glibc
internal import SQLite

/// What a start does when another server has the data.
struct OwnerPatience {
    /// Longer than a server takes to stop, and than it takes to start after a crash as a rule.
    private static let longestWait = Duration.seconds(15)

    private let isAsked: Bool
    private let end: ContinuousClock.Instant

    /// - Parameter isAsked: whether the other server will do, as `--reuse` says.
    init(isAsked: Bool) {
        self.isAsked = isAsked
        end = .now + Self.longestWait
    }

    /// The address of the server that has the data; nil, after a moment, when the start is worth another try.
    ///
    /// - Throws: the failure itself, when waiting cannot help.
    func address(after failure: StartFailure) throws(StartFailure) -> String? {
        guard isAsked, let owner = failure.owner else { throw failure }
        if case .known(let owner) = owner {
            // A loopback address of another machine would lead to a stranger, or nowhere.
            guard owner.isOnThisMachine else { throw failure }
            if let address = owner.address { return address }
        }
        guard .now < end else { throw failure }
        usleep(50_000)
        return nil
    }
}
