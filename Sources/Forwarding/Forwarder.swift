package import Budgets
internal import Synchronization
package import Tracking
package import TrackingStore

/// Sends changes of a tracking store to another server, the upstream, while this server answers requests.
///
/// `sendRuns` and `sendFiles` each do one round of sending; one thread calls `sendRuns` again and again, another thread
/// calls `sendFiles`. A round reads from the store in short reads, sends, and then writes to the store's journal what the
/// upstream has confirmed. If the server is killed, nothing is lost, and only unconfirmed parts are sent again. Before a run
/// is created at an MLflow server, it is searched for, so that it is not created twice. Several threads may use a forwarder.
package final class Forwarder: Sendable {
    let store: TrackingStore
    /// Makes the calls to the upstream.
    let calls: any UpstreamCalls
    let settings: ForwardSettings
    /// The changes of the store that no round has read yet.
    private let feed: ChangeFeed
    let state: Mutex<ForwardState>
    /// The function that makes the threads begin their rounds at once; nil before `setWakeUp` sets it.
    private let wake = Mutex<(@Sendable () -> Void)?>(nil)
    private let inFlight = CallsInFlight()

    /// The number of runs that one read compares with the journal.
    private static let runsPerComparison = 100
    /// The time after which a round stops comparing and begins to send.
    private static let comparisonTime = Duration.milliseconds(300)

    /// - Parameter feed: receives the store's changes.
    package init(_ store: TrackingStore, _ feed: ChangeFeed, to calls: any UpstreamCalls, _ settings: ForwardSettings) {
        self.store = store
        self.feed = feed
        self.calls = calls
        self.settings = settings
        state = Mutex(ForwardState(status: ForwardStatus(upstream: calls.address)))
    }

    /// Sets the function that makes the threads begin their rounds at once; `drain`, `retry` and `retryAll` call it.
    package func setWakeUp(_ body: @escaping @Sendable () -> Void) { wake.withLock { $0 = body } }

    /// The current state: backlog, failures and counters.
    package var status: ForwardStatus {
        state.withLock { state in
            var status = state.status
            status.title = state.upstream?.title
            // Changes that no round has read yet belong to the backlog too.
            let pending = feed.pending
            status.backlogRuns = state.waiting.count + pending.runs.count { state.waiting[$0] == nil }
            status.backlogFileOwners = state.fileRuns.count + state.fileModels.count
            status.backlogFileBytes = state.fileBytes.values.reduce(0, +)
            status.isComparing =
                state.comparedUpTo != nil || state.haveItemsChanged || state.isSendingItems || pending.isIncomplete
                || state.retry.isWanted
            status.failure = state.journalFailures.values.first ?? status.failure ?? inFlight.failure
            status.postponed = state.postponed
            return status
        }
    }

    /// The last failures of waiting runs, or of their files, by the rows of the runs.
    package var failures: [Int64: String] {
        state.withLock { state in
            var failures = state.waiting.compactMapValues { $0.failure?.message }
            for itemFailure in state.fileFailures.values {
                for row in itemFailure.rows where failures[row] == nil {
                    failures[row] = "\(itemFailure.part): \(itemFailure.failure.message)"
                }
            }
            return failures
        }
    }

    /// Whether a part of a run, or of its files, still has to be sent.
    package func isWaiting(row: Int64) -> Bool {
        state.withLock { $0.waiting[row] != nil || $0.fileRuns.contains(row) }
    }

    /// The time since the upstream last accepted something new.
    package var timeWithoutProgress: Duration { ContinuousClock.now - state.withLock(\.status.lastProgress) }

    /// Makes the next round compare experiments, logged models and the registry with the journal.
    package func recordItemChanges() { state.withLock { $0.haveItemsChanged = true } }

    /// Makes the rounds send everything that waits, without the usual delay and pauses; returns without waiting for them.
    package func drain() {
        state.withLock { $0.drain(at: .now) }
        wake.withLock { $0 }?()
    }

    /// Makes running rounds end soon, so that the store can be closed.
    package func stop() { state.withLock { $0.isStopped = true } }

    /// Stops the forwarding of some runs; blocks as `TrackingStore.writeNow` does.
    ///
    /// - Parameter audit: the entry that is written to the audit log in the same transaction.
    /// - Returns: the number of the runs that exist in this store.
    package func skip(_ runIDs: [String], for caller: Caller = .server, _ audit: AuditEntry? = nil) throws -> Int {
        let rows = try setForwarding(of: runIDs, isSkipped: true, for: caller, audit)
        state.withLock { state in
            for row in rows {
                state.waiting[row] = nil
                state.endFiles(ofRun: row)
            }
        }
        return rows.count
    }

    /// Makes the next round send some runs and items again that the upstream refused or that `skip` left out.
    ///
    /// Blocks as `TrackingStore.writeNow` does. A refused part stays in the list of omissions until the upstream accepts it.
    /// - Parameters:
    ///   - subjects: ids of runs and logged models, names of registered models and experiments.
    ///   - audit: the entry that is written to the audit log in the same transaction.
    /// - Returns: the number of the subjects that exist in this store.
    package func retry(_ subjects: [String], for caller: Caller = .server, _ audit: AuditEntry? = nil) throws -> Int {
        let count = try store.readNow { session in try subjects.count { try session.existsLocally($0) } }
        let rows = try setForwarding(of: subjects, isSkipped: false, for: caller, audit)
        let now = ContinuousClock.now
        state.withLock { state in
            for row in rows { state.waiting[row] = ForwardState.Waiting(since: ForwardState.distantPast(now)) }
            state.retry.subjects.formUnion(subjects)
            state.endPauses(at: now)
        }
        wake.withLock { $0 }?()
        return count
    }

    /// Makes the next round send everything again that the upstream refused.
    package func retryAll() {
        state.withLock { state in
            state.retry.includesAll = true
            state.endPauses(at: .now)
        }
        wake.withLock { $0 }?()
    }

    private func setForwarding(
        of runIDs: [String],
        isSkipped: Bool,
        for caller: Caller,
        _ audit: AuditEntry?
    ) throws -> [Int64] {
        let address = calls.address
        return try store.writeNow(for: caller) { session in
            let upstream = try session.upstreamID(for: address)
            try session.audit(audit)
            return try session.setForwarding(of: runIDs, isSkipped: isSkipped, upstream: upstream)
        }
    }
}

extension Forwarder {
    var isStopped: Bool { state.withLock(\.isStopped) }

    /// Sends the runs, experiments, logged models and registered models that are due; blocks until the round is over.
    ///
    /// - Throws: a failure of the store; failures of the upstream are reported in `status`.
    package func sendRuns() throws { try recordingJournalFailure("runs") { try sendRunsNow() } }

    private func sendRunsNow() throws {
        state.withLock { $0.add(feed.removeChanges(), at: .now) }
        let upstreamID = try readUpstreamID()
        try beginRetry(upstreamID)
        try compare(upstreamID)
        guard state.withLock({ !$0.isStopped && $0.backOff.isDue(at: .now) && $0.hasWork }) else {
            return endDrainIfDone()
        }
        do {
            let upstream = try connect(upstreamID)
            try recognize(upstream, upstreamID)
            try inItemRound { sendsItems in
                if sendsItems { try sendExperiments(to: upstream, upstreamID) }
                while !isStopped {
                    let limit = upstream.sendsManyRunsPerCall ? RunBatch.maximumRuns : 1
                    let due = state.withLock { $0.due(at: .now, delay: settings.delay / 2, limit: limit) }
                    if due.isEmpty { break }
                    try send(due, to: upstream, upstreamID)
                }
                if sendsItems { try sendModelsAndRegistry(to: upstream, upstreamID) }
            }
            let isOver = state.withLock { $0.status.failure != nil && $0.fileBackOff.failures == 0 }
            if isOver { recordSuccess(isProgress: false) }
        } catch let failure as UpstreamFailure { record(failure) }
        endDrainIfDone()
    }

    private func endDrainIfDone() {
        state.withLock { state in
            if state.waiting.isEmpty, state.comparedUpTo == nil, !state.haveItemsChanged, state.itemsDue == nil {
                state.isDraining = false
            }
        }
    }

    private func readUpstreamID() throws -> Int64 {
        if let known = state.withLock(\.upstreamID) { return known }
        let address = calls.address
        let id = try store.writeNow { try $0.upstreamID(for: address) }
        state.withLock { $0.upstreamID = id }
        return id
    }

    func record(_ failure: UpstreamFailure) {
        let isNew = state.withLock { state in
            defer { state.status.failure = failure }
            state.backOff.fail(at: .now, requested: failure.pause)
            state.lastRecognition = nil
            state.status.failures[failure.kind, default: 0] += 1
            return state.status.failure?.kind != failure.kind
        }
        if isNew { settings.report("nothing can be sent to the upstream \(calls.address) now: \(failure.message)") }
    }

    /// Runs one round; if the local database fails, keeps the failure for `status` and throws it.
    func recordingJournalFailure(_ round: String, _ body: () throws -> Void) throws {
        do {
            try body()
            state.withLock { $0.journalFailures[round] = nil }
        } catch {
            let reason = (error as? TrackingError)?.message ?? "\(error)"
            let failure = UpstreamFailure(.journal, "the local database cannot be read or written: \(reason)")
            state.withLock { $0.journalFailures[round] = failure }
            throw error
        }
    }

    /// Records that the upstream accepted a call.
    ///
    /// - Parameter isProgress: whether the upstream now has something that it did not have before.
    func recordSuccess(isProgress: Bool = true, _ change: (inout ForwardStatus) -> Void = { _ in }) {
        let wasFailing = state.withLock { state in
            let wasFailing = state.status.failure != nil
            state.backOff.succeed()
            state.status.failure = nil
            if isProgress {
                state.status.lastSuccess = currentMilliseconds()
                state.status.lastProgress = .now
            }
            change(&state.status)
            return wasFailing
        }
        if wasFailing { settings.report("the upstream \(calls.address) answers again") }
    }

    /// Returns the upstream; the first call finds out whether it is Apus or MLflow.
    ///
    /// - Throws: an `UpstreamFailure` if the kind is not the one in the journal, because the ids at the upstream depend
    ///   on the kind.
    private func connect(_ upstreamID: Int64) throws -> any Upstream {
        if let known = state.withLock(\.upstream) { return known }
        let calls = RetryingCalls(calls, inFlight, longestWait: settings.longestWait) { [weak self] in
            self?.isStopped ?? true
        }
        let upstream: any Upstream =
            try ApusUpstream.isServer(of: calls)
            ? ApusUpstream(calls) : MLflowUpstream(calls, targets(upstreamID))
        let (title, earlier) = (upstream.title, try store.readNow(.cheap) { try $0.upstreamKind(upstreamID) })
        if let earlier, earlier != title {
            throw UpstreamFailure(
                .broken,
                "it is \(title) now and was \(earlier) before: use another address for the new server"
            )
        }
        if earlier == nil { try store.writeNow { try $0.noteKind(title, upstream: upstreamID) } }
        state.withLock { $0.upstream = upstream }
        return upstream
    }

    /// Returns the object that looks up which ids runs and models of this store have at the upstream.
    private func targets(_ upstreamID: Int64) -> ForwardTargets {
        ForwardTargets(
            store: store,
            upstreamID: upstreamID,
            willSendRun: { [weak self] run in
                guard let self, settings.isSelected(run), !run.journal.isSkipped else { return false }
                return run.journal.failure == nil && state.withLock { $0.waiting[run.row]?.failure == nil }
            },
            willSendModel: { [weak self] model in
                guard let self, settings.isSelected(model) else { return false }
                let name = ForwardState.ItemName(kind: .loggedModel, name: model.model.info.modelID)
                return state.withLock { $0.itemFailures[name] == nil }
            }
        )
    }

    /// Compares runs with the journal, `runsPerComparison` at a time, and remembers the runs of which the upstream lacks a part.
    private func compare(_ upstreamID: Int64) throws {
        let end = ContinuousClock.now + Self.comparisonTime
        while !isStopped, .now < end {
            let position = state.withLock { state in
                state.waiting.count + Self.runsPerComparison <= ForwardState.mostWaiting ? state.comparedUpTo : nil
            }
            guard let position else { return }
            let runs = try store.readNow(.continued) { session in
                let rows = try session.runRows(after: position, limit: Self.runsPerComparison)
                return (rows: rows, runs: try session.forwardedRuns(rows: rows, upstream: upstreamID))
            }
            let now = ContinuousClock.now
            state.withLock { state in
                // A change of the feed may have restarted the comparison meanwhile.
                guard state.comparedUpTo == position else { return }
                state.comparedUpTo = runs.rows.last
                state.status.lastProgress = now
                for run in runs.runs where settings.isSelected(run) && !run.journal.isSkipped {
                    if !RunDifference(run.run.run, sent: run.journal.sent).isEmpty || !run.series.isEmpty {
                        state.wait(for: run.row, at: ForwardState.distantPast(now))
                        state.waiting[run.row]?.isEnded = run.run.run.info.endTime != nil
                    } else if run.journal.comparedArtifactEntry != run.newestArtifactEntry {
                        state.addFiles(ofRun: run.row)
                    }
                }
            }
        }
    }
}

extension ForwardState {
    fileprivate var hasWork: Bool { !waiting.isEmpty || haveItemsChanged || areItemsDue }

    /// Whether the pause of an experiment, logged model or registered model that failed is over.
    var areItemsDue: Bool { itemsDue.map { $0 <= .now } ?? false }

    /// The experiments, models and files of models that failed although the upstream answered other calls.
    fileprivate var postponed: [ForwardOmission] {
        let items = itemFailures.map { ($0.key.name, $0.value) }
        let files = fileFailures.filter(\.value.rows.isEmpty).map { ($0.key.id, $0.value) }
        return (items + files).map { name, itemFailure in
            ForwardOmission(subject: name, part: itemFailure.part, reason: itemFailure.failure.message)
        }
    }
}

extension ForwardState.Retry {
    var isWanted: Bool { includesAll || !subjects.isEmpty }
}

extension ForwardSettings {
    func isSelected(_ run: ForwardedRun) -> Bool {
        switch selection {
        case nil: true
        case .experiments(let ids): ids.contains(run.run.experiment.id)
        case .runs(let ids): ids.contains(run.runID)
        }
    }

    func isSelected(_ experiment: Experiment) -> Bool {
        switch selection {
        case nil: true
        case .experiments(let ids): ids.contains(experiment.id)
        // The experiments of runs are sent when they are needed.
        case .runs: false
        }
    }

    func isSelected(_ model: TransferredLoggedModel) -> Bool {
        switch selection {
        case nil: true
        case .experiments(let ids): ids.contains(model.experiment.id)
        case .runs(let ids): ids.contains(model.model.info.sourceRunID)
        }
    }
}
