internal import Budgets
internal import Synchronization
package import Tracking

/// Records successful and failed authentications in the audit log.
///
/// Further requests on an authenticated connection cost nothing.
///
/// So that an attacker cannot fill the disk, only the first failure of an address is recorded at once. The next report
/// contains the number of further failures of each address and, if there are too many addresses, one number for all others.
package final class LogInAudit: Sendable {
    private struct State {
        /// When each holder was last recorded, by name and address.
        var lastRecorded: [Holder: Int64] = [:]
        /// The failures that are not recorded yet, by address.
        var failures: [String: Int64] = [:]
        /// The failures from addresses beyond the limit.
        var others: Int64 = 0
    }

    private struct Holder: Hashable {
        let kind: AuditActor.Kind
        let name: ExactText
        let address: String
    }

    private let store: any TrackingBackend
    private let state = Mutex(State())

    /// The milliseconds after which a holder at the same address is recorded again.
    private static let recordInterval: Int64 = 86_400_000
    /// The largest number of holders that are remembered.
    private static let holderLimit = 10_000
    /// The largest number of addresses whose failures are counted separately between two reports.
    package static let addressLimit = 100
    /// The action of the entries in the audit log.
    package static let action = "log-in"

    package init(_ store: any TrackingBackend) { self.store = store }

    /// Records a successful authentication; called at the first request of an identity on a connection.
    ///
    /// - Parameter caller: the sender. The entry is queued with the writes of this caller, so that it is written before the
    ///   entries of the following requests.
    func noteSuccess(of actor: AuditActor, by caller: Caller) {
        let now = currentMilliseconds()
        let address = caller.peer.name
        let holder = Holder(kind: actor.kind, name: ExactText(actor.name), address: address)
        let isNew = state.withLock { state in
            if let time = state.lastRecorded[holder], now - time < Self.recordInterval { return false }
            if state.lastRecorded.count >= Self.holderLimit { state.lastRecorded.removeAll() }
            state.lastRecorded[holder] = now
            return true
        }
        guard isNew else { return }
        let entry = AuditEntry(actor: actor, address: address, action: Self.action)
        // The entry is written even if the caller's permissions are reduced meanwhile.
        store.write({ try $0.audit(entry) }, for: caller.with(caller.identity)) { [self] result in
            // After a failure, such as a full queue of this caller, the next connection tries again.
            if case .failure = result { state.withLock { $0.lastRecorded[holder] = nil } }
        }
    }

    /// Records that a credential was refused.
    ///
    /// - Parameter actor: the owner of the credential, if that is known. A user name that was sent with a wrong password may be
    ///   any text, such as a password in the wrong field; it is recorded only if a user has this name.
    func noteFailure(of actor: AuditActor = .anyone, from peer: Peer) {
        let isFirst = state.withLock { state in
            if let count = state.failures[peer.name] {
                state.failures[peer.name] = count + 1
                return false
            }
            guard state.failures.count < Self.addressLimit else {
                state.others += 1
                return false
            }
            state.failures[peer.name] = 0
            return true
        }
        guard isFirst else { return }
        store.write({ session in
            let isKnown = try actor.kind != .user || session.hasUser(named: actor.name)
            try session.audit(Self.failures(1, of: isKnown ? actor : .anyone, from: peer.name))
        }) { _ in }
    }

    /// Records the failures since the last report.
    ///
    /// Blocks until the entries are durable; if this fails, the next report contains the failures.
    package func report() throws {
        let (failures, others) = state.withLock { state in
            defer { (state.failures, state.others) = ([:], 0) }
            return (state.failures.filter { $0.value > 0 }, state.others)
        }
        guard !failures.isEmpty || others > 0 else { return }
        var entries = failures.sorted { $0.key < $1.key }.map { Self.failures($0.value, of: .anyone, from: $0.key) }
        if others > 0 {
            var entry = Self.failures(others, of: .anyone, from: "")
            entry.describe([("addresses", "more than \(Self.addressLimit)")])
            entries.append(entry)
        }
        do {
            try store.writeNow { [entries] session in
                for entry in entries { try session.audit(entry) }
            }
        } catch {
            state.withLock { state in
                for (address, count) in failures { state.failures[address, default: 0] += count }
                state.others += others
            }
            throw error
        }
    }

    private static func failures(_ count: Int64, of actor: AuditActor, from address: String) -> AuditEntry {
        var entry = AuditEntry(actor: actor, address: address, action: action)
        entry.isRefused = true
        entry.count = count
        return entry
    }
}
