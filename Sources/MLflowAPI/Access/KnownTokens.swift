internal import Budgets
internal import Hashing
internal import Identities
internal import Synchronization
internal import Tracking

/// A token in memory, with the identity of its holder and the time of its last use.
final class KnownToken: Sendable {
    let token: AccessToken
    let hash: [UInt8]
    /// The identity of a client with this token; not used for a token that belongs to a user.
    let identity: Identity
    /// The time of the last use in Unix milliseconds; 0 before the first use.
    private let lastUse: Atomic<Int64>
    /// The time of the last use that was stored or is being stored.
    private let notedUse: Atomic<Int64>

    /// The time in milliseconds after which another use is stored.
    private static let useInterval: Int64 = 60_000

    init(_ token: AccessToken, hash: [UInt8], isOfOperator: Bool = false) {
        self.token = token
        self.hash = hash
        identity = Identity(
            isOfOperator ? .operatorCommand : .token,
            name: token.name,
            isAdministrator: token.scope == .admin,
            permissions: token.experimentIDs.map { Permissions(within: $0) },
            hidesUnreadable: token.experimentIDs != nil
        )
        lastUse = Atomic(token.lastUsedTime ?? 0)
        notedUse = Atomic(token.lastUsedTime ?? 0)
    }

    /// Records a use; returns whether it should be stored, which is the case at most once a minute.
    func noteUse(at time: Int64) -> Bool {
        lastUse.store(time, ordering: .relaxed)
        let noted = notedUse.load(ordering: .relaxed)
        guard time - noted >= Self.useInterval else { return false }
        return notedUse.compareExchange(expected: noted, desired: time, ordering: .relaxed).exchanged
    }

    /// The token with the time of its last use.
    var current: AccessToken {
        var token = token
        let time = lastUse.load(ordering: .relaxed)
        token.lastUsedTime = time == 0 ? nil : time
        return token
    }

    /// Whether another token is equal, except for the time of its last use.
    func isSame(as other: AccessToken) -> Bool {
        var (own, other) = (token, other)
        (own.lastUsedTime, other.lastUsedTime) = (nil, nil)
        return own == other
    }
}

/// All tokens, found by their hashes.
struct KnownTokens: Sendable {
    /// The tokens by the first bytes of the hash.
    ///
    /// Clients cannot choose these bytes, so the time that a look-up takes reveals nothing to them.
    private var tokens: [UInt64: [KnownToken]] = [:]

    /// Counts the changes of the tokens in memory.
    let generation: Int

    init(_ all: some Sequence<KnownToken>, generation: Int = 0) {
        self.generation = generation
        for token in all { tokens[Self.start(token.hash), default: []].append(token) }
    }

    var all: [KnownToken] { tokens.values.flatMap(\.self) }

    /// All tokens except those with these hashes.
    func without(_ hashes: [[UInt8]]) -> KnownTokens {
        KnownTokens(all.filter { !hashes.contains($0.hash) }, generation: generation + 1)
    }

    func token(of key: [UInt8]) -> KnownToken? { token(ofHash: SHA256.digest(of: key)) }

    func token(ofHash hash: [UInt8]) -> KnownToken? {
        tokens[Self.start(hash)]?.first { ConstantTime.areEqual($0.hash, hash) }
    }

    private static func start(_ hash: [UInt8]) -> UInt64 { hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
