internal import Budgets
internal import Coding
internal import Hashing
internal import Identities
internal import Passwords
internal import Synchronization
internal import Tracking
internal import TrackingStore

/// A user as it was read from the store, with what that one may do.
final class KnownUser: Sendable {
    let user: User
    /// The hash of the password.
    let password: String?
    let identity: Identity
    /// Stands for the password in log-ins of browsers, without telling anything of it.
    let mark: [UInt8]
    /// The identities of the user's tokens, which may be limited to experiments.
    private let limited = Mutex<[Set<Int64>: Identity]>([:])

    init(_ user: User, password: String?, grants: [Grant], standard: PermissionLevel) {
        self.user = user
        self.password = password
        mark = SHA256.digest(of: Array((password ?? "").utf8))
        // Who may manage the whole of a server is not restricted by other grants, as in MLflow.
        let managesAll = user.isAdministrator || grants.contains(Grant(.workspace, Grant.everything, .manage))
        identity = Identity(
            .user,
            name: user.name,
            userID: user.id,
            isAdministrator: user.isAdministrator,
            permissions: managesAll ? nil : Permissions(grants, standard: standard)
        )
    }

    /// The identity of one who shows a token of the user.
    func identity(limitedTo experiments: [Int64]?) -> Identity {
        guard let experiments else { return identity }
        let ids = Set(experiments)
        return limited.withLock { limited in
            if let known = limited[ids] { return known }
            let permissions = identity.permissions?.limited(to: ids) ?? Permissions(within: ids)
            let made = Identity(
                .user,
                name: user.name,
                userID: user.id,
                permissions: permissions,
                hidesOthers: true
            )
            limited[ids] = made
            return made
        }
    }
}

/// The users that have shown who they are a short while ago, so that a request costs neither a read nor a check of a password.
///
/// A change of a user counts at the next request after it is committed.
final class KnownUsers: Sendable {
    enum LookUp {
        case user(KnownUser)
        /// The name and the password belong to a user who has to be read again; `load` does.
        case outdated(userID: Int64)
        /// The name or the password is wrong.
        case wrong
        /// Nobody has looked yet; `find` does.
        case unknown
    }

    private enum Attempt {
        /// `password` is the hash against which the check was made.
        case right(userID: Int64, password: String?)
        case wrong
    }

    private enum Named {
        case user(id: Int64)
        /// There is no such user, and none can be made; the value says why, in a whole sentence.
        case refused(String, until: ContinuousClock.Instant)
    }

    /// Names an attempt to log in, and says nothing about the password to one who reads the memory of the process.
    ///
    /// 128 bits of SipHash with secrets of this process: who does not know them finds no second field with the same value, and
    /// it costs a tenth of a cryptographic hash, with each request.
    struct Key: Hashable {
        fileprivate let high: Int
        fileprivate let low: Int
    }

    private struct State {
        var attempts: [Key: (attempt: Attempt, end: ContinuousClock.Instant)] = [:]
        var users: [Int64: KnownUser] = [:]
        /// The users who were looked up by name: proven by others, or by the cookie of a browser.
        var names: [[UInt8]: Named] = [:]
        /// Who waits for the checks that run or are to run.
        var pending: [Key: [@Sendable () -> Void]] = [:]
        /// Counts the commits that changed users.
        var version = 0
    }

    private static let rightFor = Duration.seconds(300)
    /// A client with a wrong password is refused for a moment without another check.
    private static let wrongFor = Duration.seconds(10)
    private static let mostAttempts = 20_000
    private static let mostUsers = 20_000

    private let store: TrackingStore
    private let standard: PermissionLevel
    private let isAudited: Bool
    private let state = Mutex(State())
    private let checks = PasswordChecks()
    private let secrets: (UInt64, UInt64)

    init(_ store: TrackingStore, standard: PermissionLevel, isAudited: Bool) {
        self.store = store
        self.standard = standard
        self.isAudited = isAudited
        var generator = SystemRandomNumberGenerator()
        secrets = (.random(in: .min ... .max, using: &generator), .random(in: .min ... .max, using: &generator))
        store.permissionChanges.watch { [weak self] users in self?.forget(users) }
    }

    private func forget(_ users: ChangedUsers) {
        state.withLock { state in
            state.version += 1
            switch users {
            case .all: state.users.removeAll(keepingCapacity: true)
            case .some(let ids): for id in ids { state.users[id] = nil }
            }
        }
    }

    /// - Parameter field: the field Authorization.
    func key(of field: String) -> Key {
        var field = field
        return field.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            var high = Hasher()
            high.combine(secrets.0)
            high.combine(bytes: bytes)
            var low = Hasher()
            low.combine(secrets.1)
            low.combine(bytes: bytes)
            return Key(high: high.finalize(), low: low.finalize())
        }
    }

    /// The key of the field that a client sends for a name and a password.
    func key(name: String, password: [UInt8]) -> Key {
        key(of: "Basic " + Base64.encode(Array(name.utf8) + [UInt8(ascii: ":")] + password, .standard))
    }

    func lookUp(_ key: Key) -> LookUp {
        state.withLock { state in
            guard let (attempt, end) = state.attempts[key], end > .now else { return .unknown }
            switch attempt {
            case .wrong: return .wrong
            case .right(let id, let password):
                guard let known = state.users[id] else { return .outdated(userID: id) }
                return known.password == password ? .user(known) : .unknown
            }
        }
    }

    /// A user that somebody has looked up; nil if `load` has to.
    func known(id: Int64) -> KnownUser? { state.withLock { $0.users[id] } }

    /// What is known of a name.
    enum NameLookUp {
        case user(KnownUser)
        /// There is no such user; the value says why, in a whole sentence.
        case refused(String)
        /// Nobody has looked yet; `find` or `findOrMake` does.
        case unknown
    }

    /// A user by name, whose password is not asked for.
    func lookUp(named name: String) -> NameLookUp {
        state.withLock { state in
            switch state.names[Array(name.utf8)] {
            case .user(let id)?: state.users[id].map { .user($0) } ?? .unknown
            case .refused(let reason, let end)?: end > .now ? .refused(reason) : .unknown
            case nil: .unknown
            }
        }
    }

    /// Looks a user up by name; `done` is called on another thread when `lookUp` knows.
    func find(named name: String, _ done: @escaping @Sendable () -> Void) {
        store.read({ try $0.userWithPassword(named: name)?.user.id }, cost: .cheap) { [self] result in
            take(result, name, done)
        }
    }

    /// The same, and makes the user if there is none: one without a password, to whom nothing is granted.
    func findOrMake(named name: String, _ done: @escaping @Sendable () -> Void) {
        store.read({ try $0.userWithPassword(named: name)?.user.id }, cost: .cheap) { [self] result in
            guard case .success(nil) = result else { return take(result, name, done) }
            let entry = isAudited ? Self.entry(ofUserProvenElsewhere: name) : nil
            let making = { @Sendable (session: WriteSession) in
                let id = try session.createUser(name, password: nil, isAdministrator: false).id
                try session.audit(entry)
                return id
            }
            store.write(making) { [self] result in
                // Two requests may have made it at once.
                if case .failure(let error as TrackingError) = result, error.code == .resourceAlreadyExists {
                    return find(named: name, done)
                }
                take(result.map(Optional.some), name, done)
            }
        }
    }

    private static func entry(ofUserProvenElsewhere name: String) -> AuditEntry {
        var entry = AuditEntry(actor: .server, action: "users/create").about(.user, name)
        entry.describe([("proven_by", "a proxy or an issuer")])
        return entry
    }

    private func take(_ result: Result<Int64?, any Error>, _ name: String, _ done: @escaping @Sendable () -> Void) {
        let named: Named
        switch result {
        case .success(let id?): named = .user(id: id)
        case .success(nil): named = .refused("There is no user '\(name)' any more.", until: .now + Self.wrongFor)
        case .failure(let error):
            let reason = (error as? TrackingError)?.message ?? "The user '\(name)' cannot be looked up just now."
            named = .refused(reason, until: .now + Self.wrongFor)
        }
        state.withLock { state in
            if state.names.count >= Self.mostUsers { state.names.removeAll(keepingCapacity: true) }
            state.names[Array(name.utf8)] = named
        }
        guard case .user(let id) = named else { return done() }
        load(id: id, done)
    }

    /// Reads a user from the store, and keeps it until the next change of it; `done` is called on another thread.
    func load(id: Int64, _ done: @escaping @Sendable () -> Void) {
        let version = state.withLock { $0.version }
        store.read(
            { [standard] session -> KnownUser? in
                guard let user = try session.user(id: id),
                    let (_, password) = try session.userWithPassword(named: user.name)
                else {
                    return nil
                }
                return KnownUser(user, password: password, grants: try session.grants(ofUser: id), standard: standard)
            },
            cost: .cheap
        ) { [self] result in
            switch result {
            case .success(let known?): keep(known, version)
            case .success(nil): forgetAttempts(ofUser: id)
            case .failure: break
            }
            done()
        }
    }

    /// Of a user that is no more.
    private func forgetAttempts(ofUser id: Int64) {
        state.withLock { state in
            state.attempts = state.attempts.filter { _, entry in
                if case .right(id, _) = entry.attempt { false } else { true }
            }
        }
    }

    private func keep(_ known: KnownUser, _ version: Int) {
        state.withLock { state in
            guard state.version == version else { return }
            if state.users.count >= Self.mostUsers { state.users.removeAll(keepingCapacity: true) }
            state.users[known.user.id] = known
        }
    }

    /// Whether a password may be tried now by somebody at an address; one that is being checked already may always be.
    func mayCheck(_ key: Key, for peer: Peer) -> Bool {
        state.withLock { $0.pending[key] != nil } || checks.mayRun(for: peer)
    }

    /// Finds out whose name and password they are; `done` is called on another thread when `lookUp` knows.
    func find(_ key: Key, name: String, password: [UInt8], peer: Peer, _ done: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state in
            state.pending[key, default: []].append(done)
            return state.pending[key]?.count == 1
        }
        guard isFirst else { return }
        checks.run(for: peer) { [self] in
            try? check(key, name, String(decoding: password, as: UTF8.self))
        } _: { [self] in
            for done in state.withLock({ $0.pending.removeValue(forKey: key) }) ?? [] { done() }
        }
    }

    /// - Throws: if it cannot be found out; then nothing is noted.
    private func check(_ key: Key, _ name: String, _ password: String) throws -> Bool {
        let found = try store.readNow(.cheap) { try $0.userWithPassword(named: name) }
        let isRight = try PasswordHash.isStored(password, as: found?.password)
        if isRight, let found {
            note(.right(userID: found.user.id, password: found.password), key, for: Self.rightFor)
        } else {
            note(.wrong, key, for: Self.wrongFor)
        }
        return isRight
    }

    private func note(_ attempt: Attempt, _ key: Key, for duration: Duration) {
        state.withLock { state in
            if state.attempts.count >= Self.mostAttempts {
                let now = ContinuousClock.now
                state.attempts = state.attempts.filter { $0.value.end > now }
                if state.attempts.count >= Self.mostAttempts { state.attempts.removeAll(keepingCapacity: true) }
            }
            state.attempts[key] = (attempt, .now + duration)
        }
    }
}
