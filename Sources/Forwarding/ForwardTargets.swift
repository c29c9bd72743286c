internal import Budgets
internal import Tracking
internal import TrackingStore

/// The ids that runs and models have at an upstream.
struct ForwardTargets: Sendable {
    let store: TrackingStore
    let upstreamID: Int64
    /// Whether a run that is not there is one that is sent soon.
    let isRunComing: @Sendable (ForwardedRun) -> Bool
    /// Whether models of an experiment and a run are sent at all.
    let isModelSent: @Sendable (TransferredLoggedModel) -> Bool

    /// What is known of a run or model there.
    enum Target: Sendable, Equatable {
        case there(String)
        /// It is to be sent, and was not yet.
        case coming
        /// It is here, and for the time being it is not sent: it was skipped, refused or not selected.
        case left
        /// It is not one of this store.
        case foreign
    }

    /// nil for a run that is not there, or not known to be.
    func run(_ id: String) throws(UpstreamFailure) -> String? {
        try read { session in
            guard let row = try session.rowOfRun(id) else { return nil }
            return try session.forwardedRunJournal(row: row, upstream: upstreamID)?.target
        }
    }

    /// A run that another one names.
    func namedRun(_ id: String) throws(UpstreamFailure) -> Target {
        let run = try read { session in
            try session.rowOfRun(id).flatMap { try session.forwardedRuns(rows: [$0], upstream: upstreamID).first }
        }
        guard let run else { return .foreign }
        if let target = run.journal.target { return .there(target) }
        return isRunComing(run) ? .coming : .left
    }

    func model(_ id: String) throws(UpstreamFailure) -> Target {
        try read { session in
            if let thing = try session.forwardedThing(.loggedModel, id, upstream: upstreamID) {
                if !thing.target.isEmpty { return .there(thing.target) }
                if !thing.isInDoubt { return .left }
            }
            guard let model = try session.modelToForward(id: id) else { return .foreign }
            return isModelSent(model) ? .coming : .left
        }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (ReadSession) throws -> Value
    ) throws(UpstreamFailure) -> Value {
        do {
            return try store.readNow(.cheap, body)
        } catch {
            // The store is closing or its disk is ill: nothing is known to be wrong with the upstream.
            throw UpstreamFailure(.journal, "the database here cannot be read: \(error)")
        }
    }
}
