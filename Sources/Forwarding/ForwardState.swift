internal import Tracking
internal import TrackingStore

/// The state that a forwarder keeps in memory between its rounds.
struct ForwardState: Sendable {
    /// A run of which a part has to be sent.
    struct Waiting: Sendable {
        /// When the delay began after which the run is sent.
        var since: ContinuousClock.Instant
        var backOff = BackOff()
        var failure: UpstreamFailure?
        /// The number of times the upstream refused the run.
        var refusals = 0
        var isEnded = false
        /// The time before which the run is not sent, because until then the upstream may still carry out an earlier
        /// creation of the run that got no answer.
        var notBefore: ContinuousClock.Instant?
    }

    /// A failure of one item although the upstream answered other calls.
    struct ItemFailure: Sendable {
        var failure: UpstreamFailure
        var backOff = BackOff()
        /// The part of the item that failed, for messages.
        var part = ""
        /// The rows of the runs concerned: of an experiment's failed runs, or of the run whose files failed.
        var rows: Set<Int64> = []
    }

    /// The kind of an experiment, logged model or registered model, and its name; for a logged model, the id is the name.
    struct ItemName: Hashable, Sendable {
        var kind: ForwardedKind
        var name: String
    }

    /// The refused items that the operator wants to send again: all, or some.
    struct Retry: Sendable {
        var includesAll = false
        /// The ids of runs and logged models, and the names of registered models and experiments.
        var subjects: Set<String> = []
    }

    /// The greatest number of runs that wait in memory; a later comparison finds the other runs.
    static let mostWaiting = 100_000
    /// The number of refusals after which a run is not sent again before it changes or the operator asks for it.
    static let mostRefusals = 5
    /// The number of different items of one kind that may fail before all items of this kind pause.
    static let failuresBeforePause = 5
    /// The shortest pause after `failuresBeforePause` failures.
    static let pauseAfterFailures = Duration.seconds(5)

    /// The runs of which a part has to be sent, by row: the id of the run's row in the database of this store.
    var waiting: [Int64: Waiting] = [:]
    /// When long metrics were last sent again from their beginning, because points were logged late; by the rows of the runs.
    var restarts: [Int64: ContinuousClock.Instant] = [:]
    /// The rows of runs whose files have to be compared.
    var fileRuns: Set<Int64> = []
    /// Logged models whose files have to be compared, by their ids in this store.
    var fileModels: [String: FileOwner] = [:]
    /// The runs of `fileRuns` that were added again while their files were compared, so that they are compared once more.
    var renewedFileRuns: Set<Int64> = []
    /// The models of `fileModels` that were added again while their files were compared, so that they are compared once more.
    var renewedFileModels: Set<String> = []
    /// The failures of runs, by the ids of their experiments.
    var runFailures: [Int64: ItemFailure] = [:]
    /// The failures of experiments, logged models and registered models.
    var itemFailures: [ItemName: ItemFailure] = [:]
    /// When experiments and models that failed are tried again; nil if none failed.
    var itemsDue: ContinuousClock.Instant?
    /// Whether the last round of experiments and models ended early because many failed.
    var hasItemRoundEndedEarly = false
    /// The failures of files, by the runs and models that own the files.
    var fileFailures: [ForwardedFileOwner: ItemFailure] = [:]
    /// The owners whose files have failed since the last file was sent.
    var failedFileOwners: Set<ForwardedFileOwner> = []
    /// The refused items that the operator wants to send again, until a round has prepared them.
    var retry = Retry()
    /// The owners whose files must all be compared again.
    var fileRetries: Set<ForwardedFileOwner> = []
    /// The rows of runs that wait for another run or model, by the id of that run or model.
    var dependants: [String: Set<Int64>] = [:]
    /// The total size of the files that the upstream is known to lack, by owner.
    var fileBytes: [ForwardedFileOwner: Int64] = [:]
    /// The row up to which runs have been compared with the journal; nil when all have been.
    var comparedUpTo: Int64? = 0
    /// Whether experiments, models or versions may have changed.
    var haveItemsChanged = true
    /// Whether experiments, logged models and the registry are being compared and sent.
    var isSendingItems = false
    /// The upstream's ids of experiments, by their ids in this store.
    var experiments: [Int64: String] = [:]
    /// When a check last showed that the upstream has the database that the journal describes; nil after a failure.
    var lastRecognition: ContinuousClock.Instant?
    /// The number of times that another database was found at the upstream's address.
    var generation = 0
    /// The upstream's id in the journal; nil before the first round.
    var upstreamID: Int64?
    /// Nil until a call has shown whether the upstream is Apus or MLflow.
    var upstream: (any Upstream)?
    /// The last failure of the local database, by the kind of round (`runs` or `files`) in which it occurred.
    var journalFailures: [String: UpstreamFailure] = [:]
    /// The pause of all calls that send runs and items.
    var backOff = BackOff()
    /// The pause of all calls that send files.
    var fileBackOff = BackOff()
    var isStopped = false
    /// Whether new changes are sent without the usual delay.
    var isDraining = false
    var status: ForwardStatus

    /// Adds the changes since the last round to the runs that wait.
    mutating func add(_ changes: ChangeFeed.Changes, at now: ContinuousClock.Instant) {
        if changes.isIncomplete { comparedUpTo = 0 }
        for row in changes.runs { wait(for: row, at: isDraining ? Self.distantPast(now) : now) }
    }

    /// Makes all waiting runs due now, without the usual delay and pauses.
    mutating func drain(at now: ContinuousClock.Instant) {
        isDraining = true
        endPauses(at: now)
        for row in waiting.keys { waiting[row]?.since = Self.distantPast(now) }
    }

    /// Ends the pauses after failures.
    mutating func endPauses(at now: ContinuousClock.Instant) {
        backOff = BackOff()
        fileBackOff = BackOff()
        runFailures = [:]
        for name in itemFailures.keys { itemFailures[name]?.backOff = BackOff() }
        for owner in fileFailures.keys { fileFailures[owner]?.backOff = BackOff() }
        if itemsDue != nil { itemsDue = now }
        for row in waiting.keys { waiting[row]?.backOff = BackOff() }
    }

    /// Makes the runs due that have waited for a run or model, because the upstream has it now.
    mutating func endWait(for id: String, at now: ContinuousClock.Instant) {
        for row in dependants.removeValue(forKey: id) ?? [] {
            wait(for: row, at: Self.distantPast(now))
            waiting[row]?.backOff = BackOff()
            waiting[row]?.since = Self.distantPast(now)
        }
    }

    /// A time so long ago that every delay is over.
    static func distantPast(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant { now - .seconds(86_400) }

    /// Adds a run to those that wait; if there are too many, a later comparison finds it.
    mutating func wait(for row: Int64, at now: ContinuousClock.Instant) {
        if waiting[row] != nil { return }
        guard waiting.count < Self.mostWaiting else {
            comparedUpTo = 0
            return
        }
        waiting[row] = Waiting(since: now)
    }

    /// Whether long metrics with points that were logged late may be sent again from their beginning: always after the
    /// end of the run, before its end at most once a minute.
    ///
    /// Removes outdated entries of `restarts`.
    mutating func mayRestart(_ run: ForwardedRun, at now: ContinuousClock.Instant) -> Bool {
        restarts = restarts.filter { now - $0.value < .seconds(60) }
        return run.run.run.info.endTime != nil || restarts[run.row] == nil
    }

    /// The rows of at most `limit` due runs.
    ///
    /// If more are due, runs with fewer failed attempts come first; among equal ones ended runs, then those that waited longest.
    func due(at now: ContinuousClock.Instant, delay: Duration, limit: Int) -> [Int64] {
        let candidates = waiting.filter { _, run in
            run.backOff.isDue(at: now) && now - run.since >= delay && (run.notBefore ?? now) <= now
        }
        guard candidates.count > limit else { return candidates.keys.sorted() }
        return candidates.sorted { left, right in
            (left.value.backOff.failures, left.value.isEnded ? 0 : 1, left.value.since, left.key)
                < (right.value.backOff.failures, right.value.isEnded ? 0 : 1, right.value.since, right.key)
        }.prefix(limit).map(\.key)
    }
}
