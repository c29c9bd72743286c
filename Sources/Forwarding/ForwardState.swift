internal import Tracking
internal import TrackingStore

/// What a forwarder knows between its rounds.
struct ForwardState: Sendable {
    /// A run of which something is to be sent.
    struct Waiting: Sendable {
        var since: ContinuousClock.Instant
        var backOff = BackOff()
        var failure: UpstreamFailure?
        /// How often the upstream has refused it.
        var refusals = 0
        var isEnded = false
        /// Until when an earlier creation may still be carried out.
        var notBefore: ContinuousClock.Instant?
    }

    /// What failed while the upstream answered other calls.
    struct Trouble: Sendable {
        var failure: UpstreamFailure
        var backOff = BackOff()
        /// What failed in it, for a person.
        var part = ""
        /// The runs of an experiment that failed.
        var rows: Set<Int64> = []
    }

    /// An experiment, model or entry of the registry.
    struct ThingName: Hashable, Sendable {
        var kind: ForwardedKind
        var name: String
    }

    /// What is to be tried again although it was refused.
    struct Retry: Sendable {
        var isOfAll = false
        /// The ids and names of things.
        var subjects: Set<String> = []
    }

    /// So many runs may wait; more are found by a comparison later.
    static let mostWaiting = 100_000
    /// After so many refusals of a run the forwarder waits for a change of it, or for the operator.
    static let mostAttempts = 5
    /// When as many different things of one kind have failed, the others of it have a pause.
    static let mostInARow = 5
    static let pauseAfterRow = Duration.seconds(5)

    var waiting: [Int64: Waiting] = [:]
    /// When long metrics of runs were last sent again from their beginning, because some points came late.
    var restarts: [Int64: ContinuousClock.Instant] = [:]
    /// Runs whose files are to be compared.
    var fileRuns: Set<Int64> = []
    /// Logged models whose files are to be compared, by id, with their ids there.
    var fileModels: [String: FileOwner] = [:]
    /// Experiments of which several runs failed.
    var runTroubles: [Int64: Trouble] = [:]
    var thingTroubles: [ThingName: Trouble] = [:]
    /// When things that failed are tried again; nil if none did.
    var thingsDue: ContinuousClock.Instant?
    /// Whether the last round of things ended early, because many had failed.
    var isThingRoundCut = false
    /// By the runs and models that the files belong to.
    var fileTroubles: [ForwardedFileOwner: Trouble] = [:]
    /// The owners of files that failed, since a file was taken.
    var fileOwnersInARow: Set<ForwardedFileOwner> = []
    /// What the operator wants to be tried again.
    var retry = Retry()
    /// The owners whose files are all compared again.
    var fileRetries: Set<ForwardedFileOwner> = []
    /// The rows of runs that name runs and models which are not there yet, by their ids.
    var dependants: [String: Set<Int64>] = [:]
    /// The bytes that are missing there, of what was compared.
    var fileBytes: [ForwardedFileOwner: Int64] = [:]
    /// The row up to which all runs were compared with the journal; nil when all were.
    var comparison: Int64? = 0
    /// Whether experiments, models or versions may have changed.
    var haveThingsChanged = true
    /// Whether they are being compared and sent.
    var isSendingThings = false
    /// The ids of experiments there, by those here.
    var experiments: [Int64: String] = [:]
    /// When the upstream was last seen to have what it was given; nil after a failure.
    var recognized: ContinuousClock.Instant?
    /// Counts the databases that were found at the address.
    var generation = 0
    var upstreamID: Int64?
    var upstream: (any Upstream)?
    /// What is wrong with the database here, for each of the two rounds.
    var journalFailures: [String: UpstreamFailure] = [:]
    var backOff = BackOff()
    var fileBackOff = BackOff()
    var isStopped = false
    /// Whether what comes is sent at once.
    var isDraining = false
    var status: ForwardStatus

    /// Merges what was changed since the last round.
    mutating func add(_ changes: ChangeFeed.Changes, at now: ContinuousClock.Instant) {
        if changes.isIncomplete { comparison = 0 }
        for row in changes.runs { wait(for: row, at: isDraining ? Self.longAgo(now) : now) }
    }

    /// Sends everything that waits without the usual delay and pauses.
    mutating func drain(at now: ContinuousClock.Instant) {
        isDraining = true
        endPauses(at: now)
        for row in waiting.keys {
            waiting[row]?.since = Self.longAgo(now)
        }
    }

    /// Lets everything that failed be tried now.
    mutating func endPauses(at now: ContinuousClock.Instant) {
        backOff = BackOff()
        fileBackOff = BackOff()
        runTroubles = [:]
        for name in thingTroubles.keys { thingTroubles[name]?.backOff = BackOff() }
        for owner in fileTroubles.keys { fileTroubles[owner]?.backOff = BackOff() }
        if thingsDue != nil { thingsDue = now }
        for row in waiting.keys { waiting[row]?.backOff = BackOff() }
    }

    /// Lets the runs be sent that have waited for a run or model, because it is there now.
    mutating func noteArrival(of id: String, at now: ContinuousClock.Instant) {
        for row in dependants.removeValue(forKey: id) ?? [] {
            wait(for: row, at: Self.longAgo(now))
            waiting[row]?.backOff = BackOff()
            waiting[row]?.since = Self.longAgo(now)
        }
    }

    /// So long ago that every delay is over.
    static func longAgo(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant { now - .seconds(86_400) }

    mutating func wait(for row: Int64, at now: ContinuousClock.Instant) {
        if waiting[row] != nil { return }
        guard waiting.count < Self.mostWaiting else {
            comparison = 0
            return
        }
        waiting[row] = Waiting(since: now)
    }

    /// Whether long metrics with late points may be sent again from their beginning: when the run has ended, and else once
    /// in a minute.
    mutating func mayRestart(_ run: ForwardedRun, at now: ContinuousClock.Instant) -> Bool {
        restarts = restarts.filter { now - $0.value < .seconds(60) }
        return run.run.run.info.endTime != nil || restarts[run.row] == nil
    }

    /// The next runs to be sent, at most `limit`: those that failed less often, then ended ones, then the ones that have
    /// waited longest.
    func due(at now: ContinuousClock.Instant, delay: Duration, limit: Int) -> [Int64] {
        let candidates = waiting.filter { _, run in
            run.backOff.isDue(at: now) && now - run.since >= delay && (run.notBefore ?? now) <= now
        }
        guard candidates.count > limit else { return candidates.keys.sorted() }
        return candidates.sorted { left, right in
            (left.value.backOff.attempts, left.value.isEnded ? 0 : 1, left.value.since, left.key)
                < (right.value.backOff.attempts, right.value.isEnded ? 0 : 1, right.value.since, right.key)
        }.prefix(limit).map(\.key)
    }
}
