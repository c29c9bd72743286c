package import ArtifactStore
internal import Synchronization
package import Tracking

/// Holds what is stored, and what is being stored, against the quotas of artifacts.
///
/// The sums of what is stored are the database's; this object knows them from the start on. Safe from any thread.
package final class StorageQuotas: Sendable {
    private struct State {
        var stored: [ExactText: Int64] = [:]
        var storedInAll: Int64 = 0
        /// What uploads that are going on have written.
        var arriving: [ExactText: Int64] = [:]
        var arrivingInAll: Int64 = 0

        mutating func add(_ bytes: Int64, _ owner: ExactText) {
            let own = arriving[owner, default: 0] + bytes
            arriving[owner] = own == 0 ? nil : own
            arrivingInAll += bytes
        }
    }

    /// Bytes of artifacts of one identity; nil for any number.
    package let client: Int64?
    /// Of all together.
    package let server: Int64?
    private let state: Mutex<State>

    /// - Parameter use: what is stored at the start.
    /// - Returns: nil if there is neither quota.
    package init?(client: Int64?, server: Int64?, use: [StorageUse]) {
        guard client != nil || server != nil else { return nil }
        self.client = client
        self.server = server
        var state = State()
        for one in use {
            state.stored[ExactText(one.owner ?? "")] = one.artifactBytes
            state.storedInAll += one.artifactBytes
        }
        self.state = Mutex(state)
    }

    /// A claim for what somebody is about to store.
    package func claim(for owner: String?) -> any StorageClaim { QuotaClaim(self, ExactText(owner ?? "")) }

    /// Takes over what was stored or deleted.
    func note(_ changes: [StoredChange]) {
        state.withLock { state in
            for change in changes {
                state.stored[ExactText(change.owner ?? ""), default: 0] += change.bytes
                state.storedInAll += change.bytes
            }
        }
    }

    fileprivate func take(_ bytes: Int64, for owner: ExactText) throws(ArtifactError) {
        let problem: String? = state.withLock { state in
            let own = state.stored[owner, default: 0] + state.arriving[owner, default: 0]
            if let client, !owner.text.isEmpty, bytes > client - own {
                return
                    "'\(shortened(owner.text))' has \(own) of the \(client) bytes of artifacts that one token or user may have on this "
                    + "server, and this file would go beyond (--client-artifacts). Delete artifacts, or have the limit raised."
            }
            let all = state.storedInAll + state.arrivingInAll
            if let server, bytes > server - all {
                return
                    "The server has \(all) of the \(server) bytes of artifacts that all together may have, and this file would go "
                    + "beyond (--server-artifacts). Delete artifacts, or have the limit raised."
            }
            state.add(bytes, owner)
            return nil
        }
        if let problem { throw .quotaSpent(problem) }
    }

    fileprivate func add(_ bytes: Int64, for owner: ExactText) { state.withLock { $0.add(bytes, owner) } }
}

private final class QuotaClaim: StorageClaim {
    private let quotas: StorageQuotas
    private let owner: ExactText
    private let bytes = Mutex<Int64>(0)

    init(_ quotas: StorageQuotas, _ owner: ExactText) {
        self.quotas = quotas
        self.owner = owner
    }

    deinit { release() }

    func grow(by count: Int64) throws(ArtifactError) {
        try quotas.take(count, for: owner)
        bytes.withLock { $0 += count }
    }

    func restore(_ count: Int64) {
        quotas.add(count, for: owner)
        bytes.withLock { $0 += count }
    }

    func shrink(by count: Int64) {
        let given = bytes.withLock { bytes in
            let given = min(bytes, count)
            bytes -= given
            return given
        }
        if given > 0 { quotas.add(-given, for: owner) }
    }

    func release() { shrink(by: .max) }
}
