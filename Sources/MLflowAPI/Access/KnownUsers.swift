internal import Budgets
internal import Coding
internal import HTTPWire
internal import Hashing
internal import Identities
internal import Passwords
internal import Synchronization
internal import Tracking

/// A name and a password that a client has sent.
struct PasswordCredential: Sendable {
    let name: String
    let password: String
    /// The attempt for `PasswordChecks`, which limits how many passwords a client can try.
    let attempt: PasswordAttempt
    /// The key by which the cache finds the result of an earlier check.
    let key: CredentialKey

    init(_ name: String, _ password: String, from peer: Peer, _ key: CredentialKey) {
        self.name = name
        self.password = password
        attempt = PasswordAttempt(peer: peer, name: Array(name.utf8.prefix(Self.nameLimit)))
        self.key = key
    }

    /// Whether a user can have the name and the password: neither may contain NUL, because HMAC would ignore NUL at the end of
    /// a password, and PostgreSQL stores no text with NUL.
    var isPossible: Bool { !password.utf8.contains(0) && !name.utf8.contains(0) }

    /// The number of bytes of a name that are compared when attempts are counted; no user has a longer name.
    private static let nameLimit = 4 * User.nameLimit + 1
}

/// A cache of the users who have recently authenticated; their next requests need neither a read nor a check of the password.
///
/// A change of a user has effect from the next request after its commit.
final class KnownUsers: Sendable {
    enum LookUp {
        case user(KnownUser)
        /// There is no such user, or the password is wrong.
        case refused(AccessControl.Failure)
        /// The user must be read from the store first. The closure begins the read, and then calls its parameter on any thread.
        case undecided(@Sendable (@escaping @Sendable () -> Void) -> Void)
    }

    /// The result of a check of a name and a password.
    private enum Attempt {
        /// `password` is the hash against which the check was made.
        case right(userID: Int64, password: String?)
        /// `version` is `State.version` when the check began. If users have changed since then, the password may be right now.
        case wrong(version: Int)
    }

    /// The result of a look-up by name.
    private enum UserByName {
        case user(id: Int64)
        /// There is no such user; a request in which a proxy or an issuer identifies the user creates the user.
        case missing(until: ContinuousClock.Instant)
        /// There is no such user, and the user cannot be created; the value says why, in a sentence.
        case refused(String, until: ContinuousClock.Instant)
    }

    private struct State {
        var attempts: [CredentialKey: (attempt: Attempt, end: ContinuousClock.Instant)] = [:]
        var users: [Int64: KnownUser] = [:]
        /// The ids of users who were looked up and do not exist any more.
        var missingIDs: Set<Int64> = []
        /// The users who were looked up by name, because a proxy, an issuer or the cookie of a browser identifies them.
        var names: [[UInt8]: UserByName] = [:]
        /// The times at which users were deleted: a request that arrived before the deletion does not create the user again.
        var deletions = Deletions()
        /// The requests that wait for each check that runs or will run.
        var pending: [CredentialKey: [@Sendable () -> Void]] = [:]
        /// Counts the commits that changed users.
        var version = 0

        mutating func apply(_ change: AccessChange) {
            for name in change.deletedUsers { deletions.note(name) }
            guard change.users != .some([]) else { return }
            version += 1
            switch change.users {
            case .all:
                users.removeAll(keepingCapacity: true)
                missingIDs.removeAll()
            case .some(let ids):
                for id in ids {
                    users[id] = nil
                    missingIDs.remove(id)
                }
            }
        }

        /// The user whose name and password were right at an earlier check, and how much longer this check counts; nil if they
        /// must be checked again.
        func recentlyCheckedUser(_ key: CredentialKey) -> (user: KnownUser, remaining: Duration)? {
            guard case (.right(let id, let password), let end)? = attempts[key],
                let known = users[id], known.password == password
            else { return nil }
            let remaining = end - .now
            return remaining > .zero ? (known, remaining) : nil
        }
    }

    /// How long a password that was right needs no other check.
    private static let rightDuration = Duration.seconds(300)
    /// How many nanoseconds the requests of one connection with the same field need no look-up of their user.
    private static let repetitionNanoseconds: UInt64 = 1_000_000_000
    /// How long a password that was wrong is refused without another check.
    private static let wrongDuration = Duration.seconds(10)
    private static let maximumAttempts = 20_000
    private static let maximumUsers = 20_000

    private let store: any TrackingBackend
    private let defaultLevel: PermissionLevel
    private let isAudited: Bool
    private let state = Mutex(State())
    private let checks = PasswordChecks()
    /// `State.version`, which requests compare without the lock.
    private let version = Atomic<Int>(0)
    private let hash: SipHash

    init(_ store: any TrackingBackend, defaultLevel: PermissionLevel, isAudited: Bool) {
        self.store = store
        self.defaultLevel = defaultLevel
        self.isAudited = isAudited
        var generator = SystemRandomNumberGenerator()
        hash = SipHash(
            key: (.random(in: .min ... .max, using: &generator), .random(in: .min ... .max, using: &generator))
        )
    }

    /// Drops what a commit has changed.
    func apply(_ change: AccessChange) {
        state.withLock { state in
            state.apply(change)
            version.store(state.version, ordering: .releasing)
        }
    }

    /// Drops everything that another server may have changed.
    func forget() {
        state.withLock { state in
            state.version += 1
            state.users.removeAll(keepingCapacity: true)
            state.missingIDs.removeAll()
            state.names.removeAll()
            version.store(state.version, ordering: .releasing)
        }
    }

    /// The key of the value of an Authorization field.
    ///
    /// The cache contains the keys of names and passwords in the spelling that clients use. If a field is spelled differently,
    /// the usual spelling of the same name and password is hashed, so that another spelling causes no other check of the
    /// password.
    ///
    /// The key is a hash with secrets of this process: nobody without the secrets can find another field with the same key. Each
    /// request needs a key, and SipHash takes a tenth of the time of a cryptographic hash.
    func key(of field: UnsafeRawBufferPointer) -> CredentialKey { CredentialKey(hash.digest(of: field)) }

    /// Whether the result of the last check of a credential still counts.
    ///
    /// Takes no lock.
    func isCurrent(_ check: CheckedCredential) -> Bool {
        version.load(ordering: .acquiring) == check.version && SystemCall.coarseNanoseconds() < check.end
    }

    /// A name and a password from a header field or a form.
    func passwordCredential(_ name: String, _ password: [UInt8], from peer: Peer) -> PasswordCredential {
        // The check compares passwords in which invalid UTF-8 is replaced, so the key is made from the same text.
        let text = String(decoding: password, as: UTF8.self)
        var field = "Basic " + Base64.encode(Array("\(name):\(text)".utf8), .standard)
        return PasswordCredential(name, text, from: peer, field.withUTF8 { key(of: UnsafeRawBufferPointer($0)) })
    }

    /// The user whose name and password were recently right; nil if they must be checked.
    ///
    /// `check` lets the next requests of a connection skip this look-up; nil if the name and password must be checked again soon.
    func recentlyCheckedUser(_ key: CredentialKey) -> (user: KnownUser, check: CheckedCredential?)? {
        let end = SystemCall.coarseNanoseconds() + Self.repetitionNanoseconds
        return state.withLock { state in
            guard let (user, remaining) = state.recentlyCheckedUser(key) else { return nil }
            guard remaining > .nanoseconds(Self.repetitionNanoseconds) else { return (user, nil) }
            return (user, CheckedCredential(key: key, version: state.version, end: end))
        }
    }

    /// The user with a name and a password.
    func user(_ credential: PasswordCredential) -> LookUp {
        guard credential.isPossible else { return .refused(.wrongPassword(credential.name)) }
        let (known, outdated, isWrong) = state.withLock { state -> (KnownUser?, Int64?, Bool) in
            if let (known, _) = state.recentlyCheckedUser(credential.key) { return (known, nil, false) }
            guard let (attempt, end) = state.attempts[credential.key], end > .now else { return (nil, nil, false) }
            switch attempt {
            case .wrong(let version): return (nil, nil, version == state.version)
            case .right(let id, _):
                let isOutdated = state.users[id] == nil && !state.missingIDs.contains(id)
                return (nil, isOutdated ? id : nil, false)
            }
        }
        if let known { return .user(known) }
        if isWrong { return .refused(.wrongPassword(credential.name)) }
        if let outdated { return .undecided { [self] in load(id: outdated, $0) } }
        guard state.withLock({ $0.pending[credential.key] != nil }) || checks.mayRun(for: credential.attempt) else {
            return .refused(.tooManyPasswords(credential.name))
        }
        return .undecided { [self] in startCheck(credential, $0) }
    }

    /// The user with an id; no password is checked.
    func user(id: Int64) -> LookUp {
        let (known, isMissing) = state.withLock { ($0.users[id], $0.missingIDs.contains(id)) }
        if let known { return .user(known) }
        return isMissing ? .refused(.unknownToken) : .undecided { [self] in load(id: id, $0) }
    }

    /// The user with a name that a proxy, an issuer or the cookie of a browser has identified; no password is checked.
    ///
    /// - Parameter arrival: `HTTPRequest.arrival` of the request that identifies the user. If there is no such user, one
    ///   without password and grants is created, unless a user with this name was deleted after it. If nil, none is created.
    func user(named name: String, identifiedAt arrival: UInt64?) -> LookUp {
        let (known, reason, mayCreate) = state.withLock { state -> (KnownUser?, String?, Bool) in
            let bytes = Array(name.utf8)
            let mayCreate = arrival.map { state.deletions.allowsCreation(of: bytes, identifiedAt: $0) } ?? false
            switch state.names[bytes] {
            case .user(let id)?: return (state.users[id], nil, mayCreate)
            case .missing(let end)?:
                return (nil, end > .now && !mayCreate ? "There is no user '\(name)' any more." : nil, mayCreate)
            case .refused(let reason, let end)?: return (nil, end > .now ? reason : nil, mayCreate)
            case nil: return (nil, nil, mayCreate)
            }
        }
        if let known { return .user(known) }
        if let reason { return .refused(.other(AccessRefusal(refusal: HTTPRefusal(403, reason)))) }
        return .undecided { [self] in find(named: name, identifiedAt: mayCreate ? arrival : nil, $0) }
    }

    // MARK: Looking up

    /// A user was deleted after the arrival of the head for which the user was to be created.
    private struct DeletedSince: Error {}

    /// Looks a user up by name; calls `done` on another thread when `user(named:identifiedAt:)` can return the result.
    private func find(named name: String, identifiedAt arrival: UInt64?, _ done: @escaping @Sendable () -> Void) {
        store.read({ try $0.userWithPassword(named: name)?.user.id }, cost: .cheap) { [self] result in
            guard let arrival, case .success(nil) = result else { return cache(result, name, done) }
            let entry = isAudited ? Self.entry(ofExternalUser: name) : nil
            let create = { @Sendable [self] (session: any TrackingWriting) in
                // Deletions go through the writer too, so that none can happen between this check and the creation.
                guard !session.deletes(userNamed: name),
                    state.withLock({ $0.deletions.allowsCreation(of: Array(name.utf8), identifiedAt: arrival) })
                else { throw DeletedSince() }
                let id = try session.createUser(name, password: nil, isAdministrator: false).id
                try session.audit(entry)
                return id
            }
            store.write(create) { [self] result in
                // Two requests may have created the user at the same time.
                if case .failure(let error as TrackingError) = result, error.code == .resourceAlreadyExists {
                    return find(named: name, identifiedAt: nil, done)
                }
                // The next look-up finds no user; a request that arrives later may still create one.
                if case .failure(let error) = result, error is DeletedSince { return done() }
                cache(result.map(Optional.some), name, done)
            }
        }
    }

    private static func entry(ofExternalUser name: String) -> AuditEntry {
        var entry = AuditEntry(actor: .server, action: "users/create").about(.user, name)
        entry.describe([("proven_by", "a proxy or an issuer")])
        return entry
    }

    private func cache(_ result: Result<Int64?, any Error>, _ name: String, _ done: @escaping @Sendable () -> Void) {
        let named: UserByName
        switch result {
        case .success(let id?): named = .user(id: id)
        case .success(nil): named = .missing(until: .now + Self.wrongDuration)
        case .failure(let error):
            let reason =
                (error as? TrackingError)?.message ?? "The user '\(name)' cannot be looked up at the moment; try again."
            named = .refused(reason, until: .now + Self.wrongDuration)
        }
        state.withLock { state in
            if state.names.count >= Self.maximumUsers { state.names.removeAll(keepingCapacity: true) }
            state.names[Array(name.utf8)] = named
        }
        guard case .user(let id) = named else { return done() }
        load(id: id, done)
    }

    /// Reads a user from the store, and caches the result until the user is changed; `done` is called on another thread.
    private func load(id: Int64, _ done: @escaping @Sendable () -> Void) {
        let version = state.withLock { $0.version }
        store.read(
            { [defaultLevel] session -> KnownUser? in
                guard let user = try session.user(id: id),
                    let (_, password) = try session.userWithPassword(named: user.name)
                else { return nil }
                let grants = try session.grants(ofUser: id)
                return KnownUser(user, password: password, grants: grants, defaultLevel: defaultLevel)
            },
            cost: .cheap
        ) { [self] result in
            if case .success(let known) = result { cache(known, id, version) }
            done()
        }
    }

    private func cache(_ known: KnownUser?, _ id: Int64, _ version: Int) {
        state.withLock { state in
            guard state.version == version else { return }
            if state.users.count >= Self.maximumUsers { state.users.removeAll(keepingCapacity: true) }
            if state.missingIDs.count >= Self.maximumUsers { state.missingIDs.removeAll() }
            state.users[id] = known
            if known == nil { state.missingIDs.insert(id) }
        }
    }

    /// Checks a name and a password; `done` is called on another thread when `user` can return the result.
    private func startCheck(_ credential: PasswordCredential, _ done: @escaping @Sendable () -> Void) {
        let key = credential.key
        let isFirst = state.withLock { state in
            state.pending[key, default: []].append(done)
            return state.pending[key]?.count == 1
        }
        guard isFirst else { return }
        checks.run(for: credential.attempt) { [self] in
            try? check(credential)
        } _: { [self] in
            for done in state.withLock({ $0.pending.removeValue(forKey: key) }) ?? [] { done() }
        }
    }

    /// Checks a password against the stored hash, and records the result.
    ///
    /// - Throws: an error if the password cannot be checked; then nothing is recorded.
    private func check(_ credential: PasswordCredential) throws -> Bool {
        let version = state.withLock { $0.version }
        let found = try store.readNow(.cheap) { try $0.userWithPassword(named: credential.name) }
        let isRight = try PasswordHash.isStored(credential.password, as: found?.password)
        if isRight, let found {
            record(.right(userID: found.user.id, password: found.password), credential.key, for: Self.rightDuration)
        } else {
            record(.wrong(version: version), credential.key, for: Self.wrongDuration)
        }
        return isRight
    }

    private func record(_ attempt: Attempt, _ key: CredentialKey, for duration: Duration) {
        state.withLock { state in
            if state.attempts.count >= Self.maximumAttempts {
                let now = ContinuousClock.now
                state.attempts = state.attempts.filter { $0.value.end > now }
                if state.attempts.count >= Self.maximumAttempts { state.attempts.removeAll(keepingCapacity: true) }
            }
            state.attempts[key] = (attempt, .now + duration)
        }
    }
}
