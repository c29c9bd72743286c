internal import Budgets
internal import Dispatch
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import Synchronization
internal import Tracking

/// Knows how new is what this server keeps in memory of a database in which other servers change who may do what.
final class OtherServers: Sendable {
    /// What is known at the time of a request.
    enum Standing {
        /// What is kept in memory is what the database held after the head of the request came, or later.
        case current
        case outdated
        /// The database could not be asked.
        case unreachable
    }

    private struct State {
        /// The last head for which what is kept in memory is new enough.
        var currentUpTo: UInt64 = 0
        /// The last head for which the database was asked in vain.
        var failedUpTo: UInt64 = 0
        var isLooking = false
        /// Who waits for the look that begins next.
        var waiting: [@Sendable () -> Void] = []
    }

    let stored: StoredAccessVersion
    private let state = Mutex(State())

    init(_ stored: StoredAccessVersion) {
        self.stored = stored
    }

    /// - Parameter arrival: when the head of a request came, as `HTTPRequest.arrival`.
    func standing(at arrival: UInt64) -> Standing {
        state.withLock { state in
            if arrival <= state.currentUpTo { return .current }
            return arrival <= state.failedUpTo ? .unreachable : .outdated
        }
    }

    /// Counts what is kept in memory as outdated for all requests.
    func expire() { state.withLock { $0.currentUpTo = 0 } }

    /// Adds one who waits for a look that has not begun yet.
    ///
    /// - Returns: whether the caller must begin the looks, because none runs.
    func wait(_ done: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            state.waiting.append(done)
            defer { state.isLooking = true }
            return !state.isLooking
        }
    }

    /// Takes those who wait for the look that begins now; nil if nobody does, and then the looks are over.
    func begin() -> [@Sendable () -> Void]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isLooking = false
                return nil
            }
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// Notes how a look has ended that began at a time.
    func note(_ start: UInt64, hasFailed: Bool) {
        state.withLock { state in
            if hasFailed {
                state.failedUpTo = max(state.failedUpTo, start)
            } else {
                state.currentUpTo = max(state.currentUpTo, start)
            }
        }
    }
}

/// A request is judged by what the database holds after its head has come, whichever server has changed that. One look at the
/// database counts for all requests that wait for it, so that a busy server asks no more often than one after another.
extension AccessControl {
    private static let databaseAway = AccessRefusal(
        refusal: HTTPRefusal(429, "The database of users and tokens cannot be reached; try again in a moment."),
        fields: [("Retry-After", "1")]
    )

    /// What is in the database now, if another server has changed it.
    private struct News: Sendable {
        let version: Int64
        let tokens: [(token: AccessToken, hash: [UInt8])]
        let logIns: [(logIn: LogIn, hash: [UInt8])]
    }

    /// The decision about a request that must wait until it is known what other servers have changed; nil if it need not.
    func decisionByOthers(on request: HTTPRequest) -> Decision? {
        guard let others, externalUsers.proxy != nil || showsCredential(request) else { return nil }
        switch others.standing(at: request.arrival) {
        case .current: return nil
        case .unreachable: return .refused(Self.databaseAway)
        case .outdated: return .undecided { [self] in look($0) }
        }
    }

    private func showsCredential(_ request: HTTPRequest) -> Bool {
        request.header("authorization") != nil || request.header("cookie") != nil
    }

    /// Takes over what other servers have changed until now.
    ///
    /// Blocks, if there may be other servers.
    /// - Parameter arrival: nil for now; else when a head came, until which it must be known.
    func catchUp(since arrival: UInt64? = nil) throws(AccessRefusal) {
        guard let others else { return }
        let arrival = arrival ?? SystemCall.preciseNanoseconds()
        for _ in 0..<Self.judgementLimit {
            switch others.standing(at: arrival) {
            case .current: return
            case .unreachable: throw Self.databaseAway
            case .outdated:
                let isDone = DispatchSemaphore(value: 0)
                look { isDone.signal() }
                isDone.wait()
            }
        }
        throw Self.changesTooOften
    }

    /// Looks whether other servers have changed anything; calls `done` on another thread when that is taken over.
    private func look(_ done: @escaping @Sendable () -> Void) {
        guard let others, others.wait(done) else { return }
        lookForAll(others)
    }

    private func lookForAll(_ others: OtherServers) {
        guard let waiting = others.begin() else { return }
        let (start, known) = (SystemCall.preciseNanoseconds(), others.stored.known)
        let (tokens, logIns) = (tokens.withLock { $0 }, logIns.withLock { $0 })
        store.read(
            { session -> News? in
                guard let version = try session.storedAccessVersion() else {
                    throw StoreCorruption("the table apus.access_version has no row")
                }
                guard version != known else { return nil }
                return News(version: version, tokens: try session.accessTokens(), logIns: try session.logIns())
            },
            cost: .cheap
        ) { [self] result in
            switch result {
            case .success(nil): others.note(start, hasFailed: false)
            case .failure: others.note(start, hasFailed: true)
            case .success(let news?):
                // If this server has changed something meanwhile, what was read is not taken, and those who wait look again.
                if place(news.tokens, insteadOf: tokens), place(news.logIns, insteadOf: logIns) {
                    users?.forget()
                    version.advance()
                    if others.stored.replace(known, by: news.version) { others.note(start, hasFailed: false) }
                }
            }
            for done in waiting { done() }
            lookForAll(others)
        }
    }
}
