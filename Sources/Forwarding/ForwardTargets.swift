internal import Budgets
internal import Tracking
internal import TrackingStore

/// Looks up in the journal which ids runs and logged models have at an upstream.
struct ForwardTargets: Sendable {
    let store: TrackingStore
    let upstreamID: Int64
    /// Whether a run that the upstream does not have yet will be sent.
    let willSendRun: @Sendable (ForwardedRun) -> Bool
    /// Whether a logged model that the upstream does not have yet will be sent.
    let willSendModel: @Sendable (TransferredLoggedModel) -> Bool

    /// The state of a run or logged model in the journal.
    enum Presence: Sendable, Equatable {
        /// The upstream has the run or model, with this id.
        case present(String)
        /// This store has the run or model, and it will be sent.
        case pending
        /// This store has the run or model, but does not send it, because it was skipped, refused or not selected.
        case withheld
        /// This store does not have the run or model.
        case foreign
    }

    /// The id at the upstream of a run of this store; nil if the journal has none.
    func targetID(ofRun id: String) throws(UpstreamFailure) -> String? {
        try read { session in
            guard let row = try session.rowOfRun(id) else { return nil }
            return try session.forwardedRunJournal(row: row, upstream: upstreamID)?.remoteID
        }
    }

    /// The state of a run that another run names as its parent.
    func presence(ofRun id: String) throws(UpstreamFailure) -> Presence {
        let run = try read { session in
            try session.rowOfRun(id).flatMap { try session.forwardedRuns(rows: [$0], upstream: upstreamID).first }
        }
        guard let run else { return .foreign }
        if let remoteID = run.journal.remoteID { return .present(remoteID) }
        return willSendRun(run) ? .pending : .withheld
    }

    func presence(ofModel id: String) throws(UpstreamFailure) -> Presence {
        try read { session in
            if let item = try session.forwardedEntity(.loggedModel, id, upstream: upstreamID) {
                if !item.remoteID.isEmpty { return .present(item.remoteID) }
                if !item.isInDoubt { return .withheld }
            }
            guard let model = try session.modelToForward(id: id) else { return .foreign }
            return willSendModel(model) ? .pending : .withheld
        }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (ReadSession) throws -> Value
    ) throws(UpstreamFailure) -> Value {
        do {
            return try store.readNow(.cheap, body)
        } catch {
            // The store is closing or its disk fails, so this is no failure of the upstream.
            throw UpstreamFailure(.journal, "the local database cannot be read: \(error)")
        }
    }
}
