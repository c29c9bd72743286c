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
    ///   - sent: what the upstream has of the run; also up to date if a call fails.
    ///   - rewrite: returns a tag as the upstream gets it; nil for a tag that is not sent yet.
    func complete(
        _ remoteID: String,
        _ parcel: RunParcel,
        sent: inout SentRun,
        omissions: inout [(part: String, reason: String)],
        _ rewrite: (Tag) throws(UpstreamFailure) -> Tag?
    ) throws(UpstreamFailure) {
        let (run, difference) = (parcel.run, parcel.difference)
        let whole = SentRun(run)
        if sent.isDeleted != false, difference.deletion == false || !difference.isEmptyButDeletion {
            try setDeleted(remoteID, false)
            sent.isDeleted = false
        }
        var tags: [(here: Tag, there: Tag)] = []
        for tag in difference.tags {
            if let there = try rewrite(tag) { tags.append((tag, there)) }
        }
        try log(remoteID, params: difference.params, tags: tags, of: whole, sent: &sent, omissions: &omissions)
        for key in difference.removedTags {
            try deleteTag(remoteID, key)
            sent.tags[ExactText(key)] = nil
        }
        if sent.info != whole.info {
            try update(remoteID, run.info)
            sent.info = whole.info
        }
    }

    /// Deletes the run at the upstream if it is deleted in this store; called after all other changes of the run.
    func finish(_ remoteID: String, _ parcel: RunParcel, sent: inout SentRun) throws(UpstreamFailure) {
        guard parcel.run.info.lifecycleStage == .deleted, sent.isDeleted != true else { return }
        try setDeleted(remoteID, true)
        sent.isDeleted = true
    }

    /// Calls `create`, and again if it was refused because the experiment is deleted at the upstream.
    ///
    /// The experiment is restored for the second call, and deleted after it. This deletes its runs too.
    ///
    /// - Returns: the result, and whether the experiment was restored and deleted.
    func creating<Created>(
        in experiment: String,
        _ create: () throws(UpstreamFailure) -> Created
    ) throws(UpstreamFailure) -> (created: Created, wasReopened: Bool) {
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

    /// Updates an experiment that was sent before; nil if there is none or the upstream no longer has it.
    func complete(_ known: ForwardedEntity?, _ experiment: Experiment) throws(UpstreamFailure) -> ItemOutcome? {
        guard let known else { return nil }
        var outcome = ItemOutcome(remoteID: known.remoteID)
        do {
            try complete(known.remoteID, experiment, &outcome.omissions)
            return outcome
        } catch let error where error.kind == .missing {
            return nil
        }
    }

    /// Updates the name, tags and lifecycle stage of an experiment at the upstream to those of this store.
    ///
    /// - Parameter isOurs: whether this server created it; an experiment that only has the same name is not deleted.
    func complete(
        _ remoteID: String,
        _ experiment: Experiment,
        isOurs: Bool = true,
        _ omissions: inout [(part: String, reason: String)]
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
            try omitting(ForwardOmission.part(ofExperimentTag: tag.key), &omissions) { () throws(UpstreamFailure) in
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
