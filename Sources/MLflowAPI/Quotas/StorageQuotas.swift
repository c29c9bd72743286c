package import ArtifactStore
internal import Synchronization
package import Tracking

/// Checks stored and arriving artifacts against the storage quotas; any thread may call it.
///
/// The database stores the sums; this object reads them at the start and then updates them after each change. If other servers
/// use the database too, the store passes the new sums to `note`, and the sums of other servers are read regularly.
package final class StorageQuotas: Sendable {
    private struct State {
        var stored: [StorageOwner?: Int64] = [:]
        /// The versions of the known sums.
        var versions: [StorageOwner?: Int64] = [:]
        var totalStored: Int64 = 0
        /// The bytes of unfinished uploads, by owner.
        var arriving: [StorageOwner?: Int64] = [:]
        var totalArriving: Int64 = 0

        mutating func replace(_ use: StorageUse) {
            totalStored += use.artifactBytes - stored[use.owner, default: 0]
            stored[use.owner] = use.artifactBytes
            versions[use.owner] = use.version
        }

        mutating func add(_ bytes: Int64, _ owner: StorageOwner?) {
            let own = arriving[owner, default: 0] + bytes
            arriving[owner] = own == 0 ? nil : own
            totalArriving += bytes
        }
    }

    /// The most bytes of artifacts of one identity; nil for no limit.
    package let client: Int64?
    /// The most bytes of artifacts of all identities together; nil for no limit.
    package let server: Int64?
    /// Whether other servers use the database too.
    private let isShared: Bool
    private let state: Mutex<State>
    /// Releases the claims of uploads in parts that other servers have ended; called before bytes are refused.
    private let releaseEndedUploads = Mutex<@Sendable () -> Void>({})

    /// - Parameters:
    ///   - isShared: whether other servers use the database too, so that the sums are passed to `note`.
    ///   - use: the bytes that are stored at the start, by owner.
    /// - Returns: nil if there is no quota.
    package init?(client: Int64?, server: Int64?, isShared: Bool = false, use: [StorageUse]) {
        guard client != nil || server != nil else { return nil }
        self.client = client
        self.server = server
        self.isShared = isShared
        var state = State()
        for one in use { state.replace(one) }
        self.state = Mutex(state)
    }

    /// Returns a claim that counts the bytes of an upload by an owner.
    package func claim(for owner: StorageOwner?) -> any StorageClaim { QuotaClaim(self, owner) }

    /// Sets the closure that releases the claims of uploads in parts that other servers have ended; it is called before refusals.
    package func beforeRefusals(_ releaseEndedUploads: @escaping @Sendable () -> Void) {
        self.releaseEndedUploads.withLock { $0 = releaseEndedUploads }
    }

    /// Replaces sums by those that the store has passed or that were read, unless newer ones are known.
    package func note(_ use: [StorageUse]) {
        state.withLock { state in
            for one in use where one.version > state.versions[one.owner] ?? 0 { state.replace(one) }
        }
    }

    /// Updates the sums of stored bytes after a commit, unless the store passes them to `note`.
    package func apply(_ changes: [StoredChange]) {
        guard !isShared else { return }
        state.withLock { state in
            for change in changes {
                state.stored[change.owner, default: 0] += change.bytes
                state.totalStored += change.bytes
            }
        }
    }

    fileprivate func reserve(_ bytes: Int64, for owner: StorageOwner?) throws(ArtifactError) {
        guard refusal(reserving: bytes, for: owner) != nil else { return }
        releaseEndedUploads.withLock { $0 }()
        if let reason = refusal(reserving: bytes, for: owner) { throw .quotaExceeded(reason) }
    }

    /// Reserves bytes, or returns the reason why they are refused.
    private func refusal(reserving bytes: Int64, for owner: StorageOwner?) -> String? {
        state.withLock { state in
            let ownBytes = state.stored[owner, default: 0] + state.arriving[owner, default: 0]
            if let client, let owner, bytes > client - ownBytes {
                return
                    "'\(shortened(owner.name))' has \(ownBytes) of the \(client) bytes of artifacts that one token or user may have on this "
                    + "server, and this file would exceed that (--client-artifacts). Delete artifacts, or raise the limit."
            }
            let totalBytes = state.totalStored + state.totalArriving
            if let server, bytes > server - totalBytes {
                return
                    "The server has \(totalBytes) of the \(server) bytes of artifacts that all clients together may store, and "
                    + "this file would exceed that (--server-artifacts). Delete artifacts, or raise the limit."
            }
            state.add(bytes, owner)
            return nil
        }
    }

    fileprivate func add(_ bytes: Int64, for owner: StorageOwner?) { state.withLock { $0.add(bytes, owner) } }
}

private final class QuotaClaim: StorageClaim {
    private let quotas: StorageQuotas
    private let owner: StorageOwner?
    private let bytes = Mutex<Int64>(0)

    init(_ quotas: StorageQuotas, _ owner: StorageOwner?) {
        self.quotas = quotas
        self.owner = owner
    }

    deinit { release() }

    func grow(by count: Int64) throws(ArtifactError) {
        try quotas.reserve(count, for: owner)
        bytes.withLock { $0 += count }
    }

    func restore(_ count: Int64) {
        quotas.add(count, for: owner)
        bytes.withLock { $0 += count }
    }

    func shrink(by count: Int64) {
        let released = bytes.withLock { bytes in
            let released = min(bytes, count)
            bytes -= released
            return released
        }
        if released > 0 { quotas.add(-released, for: owner) }
    }

    func release() { shrink(by: .max) }
}
