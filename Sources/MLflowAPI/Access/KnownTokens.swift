internal import Budgets
internal import Hashing
internal import Identities
internal import Synchronization
internal import Tracking

/// A token that the server knows, with what is needed to admit its holder.
final class KnownToken: Sendable {
    let token: AccessToken
    let hash: [UInt8]
    /// The identity of its holder if it belongs to no user.
    let identity: Identity
    /// In Unix milliseconds; 0 before the first use.
    private let lastUse: Atomic<Int64>
    /// The last use that was stored, or was about to be.
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
            hidesOthers: token.experimentIDs != nil
        )
        lastUse = Atomic(token.lastUsedTime ?? 0)
        notedUse = Atomic(token.lastUsedTime ?? 0)
    }

    /// Records a use; returns whether it should be stored, which is so at most once a minute.
    func noteUse(at time: Int64) -> Bool {
        lastUse.store(time, ordering: .relaxed)
        let noted = notedUse.load(ordering: .relaxed)
        guard time - noted >= Self.useInterval else { return false }
        return notedUse.compareExchange(expected: noted, desired: time, ordering: .relaxed).exchanged
    }

    /// The token with its last use.
    var current: AccessToken {
        var token = token
        let time = lastUse.load(ordering: .relaxed)
        token.lastUsedTime = time == 0 ? nil : time
        return token
    }

    /// Whether it is the same token with the same permissions.
    func isSame(as other: AccessToken) -> Bool {
        var (own, other) = (token, other)
        (own.lastUsedTime, other.lastUsedTime) = (nil, nil)
        return own == other
    }
}

/// All tokens, found by their hashes.
struct KnownTokens: Sendable {
    /// By the first bytes of the hash: clients cannot choose these, and so learn nothing from the time of a look-up.
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
