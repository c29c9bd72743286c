internal import Budgets
internal import Dispatch
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import Synchronization
internal import Threads
internal import Tracking

/// Knows up to which time the users and permissions in memory include the changes that other servers have made in the database.
final class OtherServers: Sendable {
    /// Whether the permissions in memory are new enough for a request.
    enum Freshness {
        /// The permissions in memory were read after the head of the request had arrived.
        case current
        case outdated
        /// The database could not be read.
        case unreachable
    }

    private struct State {
        /// The arrival of the last head for which the permissions in memory are new enough.
        var currentUpTo: UInt64 = 0
        /// The arrival of the last head for which the database could not be read.
        var failedUpTo: UInt64 = 0
        var isReading = false
        /// The requests that wait for the next reading of the database.
        var waiting: [@Sendable () -> Void] = []
    }

    /// The mark in the database that shows whether permissions have changed, as this server last read it.
    let stored: StoredAccessVersion
    private let state = Mutex(State())

    init(_ stored: StoredAccessVersion) { self.stored = stored }

    /// - Parameter arrival: the time at which the head of a request arrived, as `HTTPRequest.arrival`.
    func freshness(at arrival: UInt64) -> Freshness {
        state.withLock { state in
            if arrival <= state.currentUpTo { return .current }
            return arrival <= state.failedUpTo ? .unreachable : .outdated
        }
    }

    /// Makes the permissions in memory count as outdated for all requests.
    func expire() { state.withLock { $0.currentUpTo = 0 } }

    /// Adds a closure to be called after a reading of the database that has not begun yet.
    ///
    /// - Returns: whether the caller must begin reading, because no reading is in progress.
    func callAfterNextReading(_ done: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            state.waiting.append(done)
            defer { state.isReading = true }
            return !state.isReading
        }
    }

    /// Begins a reading; returns the closures to be called after it, or nil, without beginning, if there are none.
    func begin() -> [@Sendable () -> Void]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isReading = false
                return nil
            }
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// Notes the success of a reading that began at a time.
    func noteSuccess(since start: UInt64) { state.withLock { $0.currentUpTo = max($0.currentUpTo, start) } }

    /// Notes that a reading has failed after it had waited for the database for as long as a request may wait.
    ///
    /// - Returns: the closures of the requests that have arrived meanwhile. They fail too, because with a reading of their own
    ///   they would wait up to twice as long.
    func noteFailure() -> [@Sendable () -> Void] {
        let now = SystemCall.preciseNanoseconds()
        return state.withLock { state in
            state.failedUpTo = max(state.failedUpTo, now)
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}

/// A request is checked by the permissions that the database contains after the request's head has arrived, whichever server has
/// changed them. All requests that wait share one reading of the database, so that even a busy server makes only one at a time.
extension AccessControl {
    static let databaseUnreachable = AccessRefusal(
        refusal: HTTPRefusal(429, "The database of users and tokens cannot be reached; try again in a moment."),
        fields: [("Retry-After", "1")]
    )

    /// The tokens and log-ins in the database, read because another server has changed permissions.
    private struct StoredAccess: Sendable {
        let version: Int64
        let tokens: [(token: AccessToken, hash: [UInt8])]
        let logIns: [(logIn: LogIn, hash: [UInt8])]
    }

    /// The decision about a request that must wait until the changes by other servers are known; nil if it need not wait.
    func outdatedDecision(on request: HTTPRequest, _ access: Access?) -> Decision? {
        guard let otherServers, externalUsers.proxy != nil || hasCredential(request) else { return nil }
        let usesLastKnown = access.map(usesLastKnownPermissions) == true
        switch otherServers.freshness(at: request.arrival) {
        case .current: return nil
        case .unreachable: return usesLastKnown ? nil : .refused(Self.databaseUnreachable)
        case .outdated:
            guard usesLastKnown else { return .undecided { [self] in readChanges($0) } }
            // When the database can be reached again, this reading makes the permissions current for later requests.
            readChanges {}
            return nil
        }
    }

    /// Whether a request is checked by the permissions that were read last, because the database cannot be reached.
    ///
    /// Only calls for the statistics of this server are checked so: by the statistics, the operator can notice the problem.
    func usesLastKnownPermissions(_ access: Access) -> Bool {
        access.action == .read && access.isAboutStatistics && otherServers != nil && !store.isReachable
    }

    private func hasCredential(_ request: HTTPRequest) -> Bool {
        request.header("authorization") != nil || request.header("cookie") != nil
    }

    /// Reads the changes by other servers, so that the permissions in memory include them.
    ///
    /// Blocks, if there may be other servers.
    /// - Parameter arrival: the arrival of a head; changes before that must be included. nil for the present time.
    func catchUp(since arrival: UInt64? = nil) throws(AccessRefusal) {
        guard let otherServers else { return }
        let arrival = arrival ?? SystemCall.preciseNanoseconds()
        for _ in 0..<Self.maximumChecks {
            switch otherServers.freshness(at: arrival) {
            case .current: return
            case .unreachable: throw Self.databaseUnreachable
            case .outdated:
                let isDone = DispatchSemaphore(value: 0)
                readChanges { isDone.signal() }
                ThreadPool.wait(for: isDone)
            }
        }
        throw Self.changesTooOften
    }

    /// Reads whether other servers have changed permissions; calls `done` on another thread once the changes are in memory.
    private func readChanges(_ done: @escaping @Sendable () -> Void) {
        guard let otherServers, otherServers.callAfterNextReading(done) else { return }
        readForAll(otherServers)
    }

    private func readForAll(_ others: OtherServers) {
        guard let waiting = others.begin() else { return }
        let (start, known) = (SystemCall.preciseNanoseconds(), others.stored.known)
        let (tokens, logIns) = (tokens.withLock { $0 }, logIns.withLock { $0 })
        store.read(
            { session -> StoredAccess? in
                guard let version = try session.storedAccessVersion() else {
                    throw StoreCorruption("the table apus.access_version has no row")
                }
                guard version != known else { return nil }
                return StoredAccess(version: version, tokens: try session.accessTokens(), logIns: try session.logIns())
            },
            cost: .cheap
        ) { [self] result in
            var waiting = waiting
            switch result {
            case .success(nil): others.noteSuccess(since: start)
            case .failure: waiting += others.noteFailure()
            case .success(let found?):
                // If this server has made changes meanwhile, this result is dropped, and the database is read again.
                if replaceTokens(tokens, by: found.tokens), replaceLogIns(logIns, by: found.logIns) {
                    users?.forget()
                    version.advance()
                    if others.stored.replace(known, by: found.version) { others.noteSuccess(since: start) }
                }
            }
            for done in waiting { done() }
            readForAll(others)
        }
    }
}
