internal import Coding
internal import JSON
internal import Tracking
internal import TrackingStore

extension RunCalls {
    /// Updates a run at the upstream to the state in a parcel, except for points, datasets and models.
    ///
    /// Params and tags that the server refuses count as sent, so that they are not tried again before they change.
    ///
    /// - Parameters:
    ///   - sent: what the upstream has of the run; it is up to date even if a call fails.
    ///   - rewrite: returns a tag as the upstream gets it; nil for a tag that is not sent yet.
    func update(
        _ remoteID: String,
        _ parcel: RunParcel,
        sent: inout SentRun,
        omissions: inout Omissions,
        _ rewrite: (Tag) throws(UpstreamFailure) -> Tag?
    ) throws(UpstreamFailure) {
        let (run, difference) = (parcel.run, parcel.difference)
        let fullState = SentRun(run)
        if sent.isDeleted != false, difference.deletion == false || !difference.isEmptyButDeletion {
            try setDeleted(remoteID, false)
            sent.isDeleted = false
        }
        var tags: [(local: Tag, remote: Tag)] = []
        for tag in difference.tags { if let remote = try rewrite(tag) { tags.append((tag, remote)) } }
        try log(remoteID, params: difference.params, tags: tags, of: fullState, sent: &sent, omissions: &omissions)
        for key in difference.removedTags {
            try deleteTag(remoteID, key)
            sent.tags[ExactText(key)] = nil
        }
        if sent.info != fullState.info {
            try update(remoteID, run.info)
            sent.info = fullState.info
        }
    }

    /// Deletes the run at the upstream if it is deleted in this store; this must follow all other changes of the run.
    func applyDeletion(_ remoteID: String, _ parcel: RunParcel, sent: inout SentRun) throws(UpstreamFailure) {
        guard parcel.run.info.lifecycleStage == .deleted, sent.isDeleted != true else { return }
        try setDeleted(remoteID, true)
        sent.isDeleted = true
    }

    /// Calls `create`, and again if it was refused because the experiment is deleted at the upstream.
    ///
    /// The experiment is restored for the second call, and deleted after it. This deletes its runs too.
    ///
    /// - Returns: the result, and whether the experiment was restored and deleted.
    func restoringExperiment<Created>(
        _ experiment: String,
        _ create: () throws(UpstreamFailure) -> Created
    ) throws(UpstreamFailure) -> (created: Created, wasRestored: Bool) {
        do throws(UpstreamFailure) {
            return (try create(), false)
        } catch {
            guard error.kind == .refused, try isDeleted(experiment: experiment) else { throw error }
        }
        try setDeleted(experiment: experiment, false)
        let result = Result { () throws(UpstreamFailure) in try create() }
        try setDeleted(experiment: experiment, true)
        return (try result.get(), true)
    }

    private func isDeleted(experiment: String) throws(UpstreamFailure) -> Bool {
        let found = try get("experiments/get", [("experiment_id", experiment)])["experiment"]
        return found?["lifecycle_stage"]?.string == "deleted"
    }

    /// Deletes or restores an experiment.
    func setDeleted(experiment: String, _ isDeleted: Bool) throws(UpstreamFailure) {
        try post(isDeleted ? "experiments/delete" : "experiments/restore") { $0.member("experiment_id", experiment) }
    }

    /// Updates an experiment; returns nil if the journal has no entry about it, or the upstream no longer has it.
    func update(_ journalEntry: ForwardedEntity?, _ experiment: Experiment) throws(UpstreamFailure) -> ItemOutcome? {
        guard let journalEntry else { return nil }
        var outcome = ItemOutcome(remoteID: journalEntry.remoteID)
        do {
            try update(journalEntry.remoteID, experiment, &outcome.omissions)
            return outcome
        } catch let error where error.kind == .missing { return nil }
    }

    /// Updates the name, tags and lifecycle stage of an experiment at the upstream to those of this store.
    ///
    /// - Parameter isOurs: whether this server created it; an experiment that only has the same name is not deleted.
    func update(
        _ remoteID: String,
        _ experiment: Experiment,
        isOurs: Bool = true,
        _ omissions: inout Omissions
    ) throws(UpstreamFailure) {
        let isDeleted = experiment.lifecycleStage == .deleted
        let found = try get("experiments/get", [("experiment_id", remoteID)])["experiment"]
        if (found?["lifecycle_stage"]?.string == "deleted") != isDeleted, isOurs || !isDeleted {
            try setDeleted(experiment: remoteID, isDeleted)
        }
        guard !isDeleted else { return }
        if found?["name"]?.string?.isExactly(experiment.name) == false {
            try post("experiments/update") { writer in
                writer.member("experiment_id", remoteID)
                writer.member("new_name", experiment.name)
            }
        }
        for tag in experiment.tags {
            try sendOrOmit(ForwardOmission.part(ofExperimentTag: tag.key), &omissions) { () throws(UpstreamFailure) in
                try setExperimentTag(remoteID, tag)
            }
        }
    }

    private func setExperimentTag(_ remoteID: String, _ tag: Tag) throws(UpstreamFailure) {
        try post("experiments/set-experiment-tag") { writer in
            writer.member("experiment_id", remoteID)
            writer.member("key", tag.key)
            writer.member("value", tag.value)
        }
    }
}
