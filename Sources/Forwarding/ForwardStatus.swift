package import TrackingStore

/// The state of forwarding: backlog, failures and counters.
package struct ForwardStatus: Sendable {
    /// The upstream's address, without user name and password.
    package var upstream: String
    /// The kind of the upstream, `Apus` or `MLflow`; nil before its first answer.
    package var title: String?
    /// The number of runs of which a part other than files still has to be sent.
    package var backlogRuns = 0
    /// The number of runs and models whose files still have to be compared or sent.
    package var backlogFileOwners = 0
    /// The total size of the files that the upstream is known to lack.
    package var backlogFileBytes: Int64 = 0
    /// Whether runs, experiments or models are still being compared with the journal, as after each start.
    package var isComparing = false
    /// When the upstream last accepted something, in Unix milliseconds; nil if it has not since the start.
    package var lastSuccess: Int64?
    /// Why the last attempt failed; nil if it succeeded.
    package var failure: UpstreamFailure?
    /// Experiments, models and files that failed although the upstream answered other calls, and that are tried again.
    package var postponed: [ForwardOmission] = []
    /// The number of failures since the start, by kind.
    package var failures: [UpstreamFailure.Kind: Int] = [:]
    /// When the upstream last accepted something new or refused an item, or the comparison last advanced.
    package var lastProgress = ContinuousClock.now
    /// The numbers of new runs, points, files and bytes of files that this process has sent since it started.
    package var sentRuns = 0
    package var sentPoints = 0
    package var sentFiles = 0
    package var sentBytes: Int64 = 0

    package init(upstream: String) { self.upstream = upstream }

    /// Whether the upstream has everything except what it refuses.
    package var isCurrent: Bool {
        backlogRuns == 0 && backlogFileOwners == 0 && !isComparing && failure == nil && postponed.isEmpty
    }
}
