internal import Coding
internal import Tracking
internal import TrackingStore

extension RunCalls {
    /// Brings a run that is there to the state of a parcel, points and models apart, step by step.
    ///
    /// What the server refuses of params and tags counts as sent, so that it is not tried again before it changes.
    ///
    /// - Parameters:
    ///   - sent: what is there; it keeps what was done before a failure.
    ///   - rewrite: makes the value of a tag what it is to be there; nil for one that is not sent yet.
    func complete(
        _ target: String,
        _ parcel: RunParcel,
        sent: inout SentRun,
        omissions: inout [(part: String, reason: String)],
        _ rewrite: (Tag) throws(UpstreamFailure) -> Tag?
    ) throws(UpstreamFailure) {
        let (run, difference) = (parcel.run, parcel.difference)
        let whole = SentRun(run)
        if sent.isDeleted != false, difference.deletion == false || !difference.isEmptyButDeletion {
            try setDeleted(target, false)
            sent.isDeleted = false
        }
        var tags: [(here: Tag, there: Tag)] = []
        for tag in difference.tags {
            if let there = try rewrite(tag) { tags.append((tag, there)) }
        }
        try log(target, params: difference.params, tags: tags, of: whole, sent: &sent, omissions: &omissions)
        for key in difference.removedTags {
            try deleteTag(target, key)
            sent.tags[ExactText(key)] = nil
        }
        if sent.info != whole.info {
            try update(target, run.info)
            sent.info = whole.info
        }
    }

    /// Deletes a run there at last, if it is deleted here.
    func finish(_ target: String, _ parcel: RunParcel, sent: inout SentRun) throws(UpstreamFailure) {
        guard parcel.run.info.lifecycleStage == .deleted, sent.isDeleted != true else { return }
        try setDeleted(target, true)
        sent.isDeleted = true
    }
}
