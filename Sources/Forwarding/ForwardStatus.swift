package import TrackingStore

/// How it stands with forwarding.
package struct ForwardStatus: Sendable {
    /// The address of the upstream, without name and password.
    package var upstream: String
    /// What kind of server it is; nil before it has answered.
    package var title: String?
    /// Runs of which something is still to be sent, files apart.
    package var backlogRuns = 0
    /// Runs and models of which files are still to be sent or compared.
    package var backlogFileOwners = 0
    /// The bytes of files that are known to be missing there.
    package var backlogFileBytes: Int64 = 0
    /// Whether all runs are being compared with the journal, as after each start.
    package var isComparing = false
    /// Unix milliseconds of the last answer that took something; nil before.
    package var lastSuccess: Int64?
    /// Why the last attempt failed; nil after one that did not.
    package var failure: UpstreamFailure?
    /// Experiments, models and files that failed while the upstream answered other calls, and are tried again.
    package var postponed: [ForwardOmission] = []
    /// How often something failed, by kind.
    package var failures: [UpstreamFailure.Kind: Int] = [:]
    /// When the upstream last took something, or a comparison got on.
    package var lastProgress = ContinuousClock.now
    /// What this process has sent.
    package var sentRuns = 0
    package var sentPoints = 0
    package var sentFiles = 0
    package var sentBytes: Int64 = 0

    package init(upstream: String) {
        self.upstream = upstream
    }

    /// Whether the upstream has everything that it takes.
    package var isCurrent: Bool {
        backlogRuns == 0 && backlogFileOwners == 0 && !isComparing && failure == nil
            && postponed.isEmpty
    }
}
