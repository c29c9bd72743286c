internal import Budgets
internal import Synchronization
internal import Tracking
internal import TrackingStore

/// The limits of one batch of runs.
enum RunBatch {
    static let maximumRuns = 20
    static let maximumPoints = 20_000
    /// The maximum for each metric.
    static let maximumPointsPerSeries = 5_000
}

extension Forwarder {
    /// Sends some runs with at most `RunBatch.maximumPoints` points, and writes to the journal what the upstream confirmed.
    func send(_ rows: [Int64], to upstream: any Upstream, _ upstreamID: Int64) throws {
        let runs = try store.readNow(.continued) { try $0.forwardedRuns(rows: rows, upstream: upstreamID) }
        let present = Set(runs.map(\.row))
        state.withLock { state in
            // Runs without a row were removed from the store.
            for row in rows where !present.contains(row) { state.waiting[row] = nil }
        }
        var parcels: [RunParcel] = []
        var progress: [[ForwardedSeries]] = []
        var remainingPoints = RunBatch.maximumPoints
        for run in runs where settings.isSelected(run) && !run.journal.isSkipped {
            if postponeForExperiment(run) { continue }
            // The other runs follow in the next batch.
            guard remainingPoints > 0 else { break }
            if upstream.mayCreateTwice, let pause = run.journal.sent?.pause(at: currentMilliseconds()) {
                // The upstream may still carry out a creation that got no answer; after the pause the run can be found.
                state.withLock { $0.waiting[run.row]?.notBefore = .now + pause }
                continue
            }
            do {
                guard let (parcel, series) = try parcel(of: run, to: upstream, upstreamID, &remainingPoints) else {
                    recordAsSent(run)
                    continue
                }
                parcels.append(parcel)
                progress.append(series)
            } catch let failure as UpstreamFailure where !failure.isAboutServer {
                // The upstream refuses the run's experiment.
                try recordRefusal(run, failure, upstreamID)
            }
        }
        state.withLock { state in
            for run in runs where run.journal.isSkipped || !settings.isSelected(run) { state.waiting[run.row] = nil }
        }
        guard !parcels.isEmpty else { return }
        let attempts = parcels.compactMap { parcel in
            let text = parcel.stateWhileSending.text
            return parcel.difference.isEmpty || text == parcel.forwarded.journal.sentContent
                ? nil : (row: parcel.forwarded.row, sent: text)
        }
        if !attempts.isEmpty { try store.writeNow { try $0.noteAttempts(attempts, upstream: upstreamID) } }
        let outcomes = try upstream.send(parcels)
        let now = currentMilliseconds()
        let updates = zip(parcels, zip(outcomes, progress)).map { journalUpdate($0, $1.0, $1.1, at: now) }
        try store.writeNow { try $0.note(updates, upstream: upstreamID) }
        for (parcel, result) in zip(parcels, zip(outcomes, progress)) {
            recordOutcome(parcel, result.0, result.1)
            if parcel.difference.isNew, result.0.failure?.kind == .missing {
                try forgetExperiment(parcel.forwarded.run.experiment.id, upstreamID)
            }
        }
        if let failure = outcomes.lazy.compactMap(\.failure).first(where: \.isAboutServer) { throw failure }
    }

    /// Reads the parts of a run that must be sent; nil if there are none.
    ///
    /// - Parameter remainingPoints: the number of points that still fit into the batch.
    /// - Returns: the parcel, and the state of its metrics after the upstream has accepted it.
    private func parcel(
        of run: ForwardedRun,
        to upstream: any Upstream,
        _ upstreamID: Int64,
        _ remainingPoints: inout Int
    ) throws -> (RunParcel, [ForwardedSeries])? {
        let sent = run.journal.sent
        let difference = RunDifference(run.run.run, sent: sent)
        guard !difference.isEmpty || !run.series.isEmpty else { return nil }
        var parcel = RunParcel(
            forwarded: run,
            difference: difference,
            stateWhileSending: (sent ?? SentRun()).withDoubts(about: difference, at: currentMilliseconds()),
            experiment: try experiment(run.run.experiment, to: upstream, upstreamID),
            points: []
        )
        let mayRestart = state.withLock { $0.mayRestart(run, at: .now) }
        var progress: [ForwardedSeries] = []
        for series in run.series {
            guard remainingPoints > 0 else { break }
            let limit = min(remainingPoints, RunBatch.maximumPointsPerSeries)
            let row = run.row
            let read = try store.readNow(.continued) { session in
                try session.points(ofRun: row, series.keyID, after: series.last, limit: limit)
            }
            remainingPoints -= read.points.count
            parcel.points.append((series, read.points))
            var next = series
            next.advance(
                by: read.points,
                count: read.count,
                isAtEnd: read.points.count < limit,
                mayRestart: mayRestart || read.count <= ForwardedSeries.pointsOfLongSeries
            )
            progress.append(next)
            if next.last == nil, next.count > ForwardedSeries.pointsOfLongSeries {
                state.withLock { $0.restarts[row] = .now }
            }
        }
        return (parcel, progress)
    }

    private func journalUpdate(
        _ parcel: RunParcel,
        _ outcome: RunOutcome,
        _ progress: [ForwardedSeries],
        at now: Int64
    ) -> ForwardedRunUpdate {
        var journal = parcel.forwarded.journal
        journal.remoteID = outcome.remoteID
        journal.sentContent = outcome.sent?.text ?? ""
        if outcome.failure == nil { journal.sentTime = now }
        let refusals = state.withLock { $0.waiting[parcel.forwarded.row]?.refusals ?? 0 }
        let isLast = outcome.failure.map { $0.isAboutItem && refusals + 1 >= ForwardState.mostRefusals } ?? false
        journal.failure = isLast ? outcome.failure?.message : nil
        var update = ForwardedRunUpdate(row: parcel.forwarded.row, journal: journal)
        if outcome.hasSentPoints { update.series = progress }
        let id = parcel.forwarded.runID
        // The omissions of the sent parts are replaced with those of this outcome.
        update.sentParts = (id, Self.partsSent(of: parcel, outcome))
        update.omissions = outcome.omissions.map { ForwardOmission(subject: id, part: $0.part, reason: $0.reason) }
        for missing in outcome.missing where !missing.willBeSent {
            update.omissions.append(ForwardOmission(subject: id, part: missing.part, reason: missing.reason))
        }
        return update
    }

    /// The parts that count as sent now and did not before, named as in `ForwardOmission.part`.
    private static func partsSent(of parcel: RunParcel, _ outcome: RunOutcome) -> [String] {
        let difference = parcel.difference
        let rest = RunDifference(parcel.run, sent: outcome.sent)
        let params = Set(difference.params.map { ExactText($0.key) }).subtracting(rest.params.map { ExactText($0.key) })
        let tags = Set((difference.tags.map(\.key) + difference.removedTags).map { ExactText($0) })
            .subtracting((rest.tags.map(\.key) + rest.removedTags).map { ExactText($0) })
        var parts = params.map { ForwardOmission.part(ofParam: $0.text) }
        parts += tags.map { ForwardOmission.part(ofTag: $0.text) }
        if outcome.hasSentPoints {
            // Other metrics are left out, because their earlier points may have been refused.
            let begun = parcel.points.filter { $0.series.last == nil }
            parts += begun.map { ForwardOmission.part(ofMetric: $0.series.key) }
        }
        guard difference.hasOtherInputs, !rest.hasOtherInputs else { return parts }
        let models = parcel.run.modelInputs.map(\.modelID) + parcel.run.modelOutputs.map(\.modelID)
        return parts + models.map { ForwardOmission.part(ofModel: $0) }
            + parcel.run.datasetInputs.map { ForwardOmission.part(ofDataset: $0.dataset.name) }
    }

    /// Updates the state after an attempt: the run is done, waits for its next attempt, or waits for another run or model.
    private func recordOutcome(_ parcel: RunParcel, _ outcome: RunOutcome, _ progress: [ForwardedSeries]) {
        if outcome.remoteID != nil, parcel.forwarded.journal.remoteID == nil {
            state.withLock { $0.endWait(for: parcel.forwarded.runID, at: .now) }
        }
        guard let failure = outcome.failure else {
            let points = parcel.pointCount
            let rest = RunDifference(parcel.run, sent: outcome.sent)
            let isProgress = points > 0 || rest != parcel.difference
            recordSuccess(isProgress: isProgress) { status in
                status.sentRuns += parcel.difference.isNew ? 1 : 0
                status.sentPoints += points
            }
            let row = parcel.forwarded.row
            state.withLock { state in
                state.runFailures[parcel.forwarded.run.experiment.id] = nil
                for missing in outcome.missing { state.dependants[missing.id, default: []].insert(row) }
            }
            // Later changes of the run are not lost: the change feed reports them.
            let areAllPointsSent =
                outcome.hasSentPoints && progress.count == parcel.forwarded.series.count
                && progress.allSatisfy { $0.sentCount == $0.count }
            let awaited = outcome.missing.first(where: \.willBeSent)
            // Parts that name a run or model that this server does not send are sent when the upstream has it.
            if areAllPointsSent, rest.isEmpty || (!outcome.missing.isEmpty && awaited == nil) {
                return recordAsSent(parcel.forwarded)
            }
            return state.withLock { state in
                guard var waiting = state.waiting[row] else { return }
                waiting.isEnded = parcel.run.info.endTime != nil
                waiting.failure = nil
                if let awaited, !isProgress {
                    waiting.failure = UpstreamFailure(.missing, "\(awaited.part) waits: \(awaited.reason) yet")
                    waiting.backOff.fail(at: .now, requested: nil, jitter: 0)
                } else {
                    waiting.backOff.succeed()
                    // A run without progress, such as one with late points, waits for the usual delay again.
                    if !isProgress { waiting.since = .now }
                }
                state.waiting[row] = waiting
            }
        }
        if !failure.isAboutServer { postpone(parcel.forwarded, failure) }
    }

    /// Postpones a run without calling the upstream if its experiment pauses because several runs failed in it.
    ///
    /// - Returns: whether the run was postponed.
    private func postponeForExperiment(_ run: ForwardedRun) -> Bool {
        state.withLock { state in
            guard let itemFailure = state.runFailures[run.run.experiment.id], itemFailure.rows.count > 1,
                let nextTry = itemFailure.backOff.nextTry, nextTry > .now
            else { return false }
            state.waiting[run.row]?.backOff = itemFailure.backOff
            state.waiting[run.row]?.failure = itemFailure.failure
            return true
        }
    }

    private func recordRefusal(_ run: ForwardedRun, _ failure: UpstreamFailure, _ upstreamID: Int64) throws {
        if postpone(run, failure) { return }
        var journal = run.journal
        journal.failure = failure.message
        let update = ForwardedRunUpdate(row: run.row, journal: journal)
        try store.writeNow { try $0.note([update], upstream: upstreamID) }
    }

    /// Sets a pause before the next attempt for a run that was refused, or that failed although the upstream answers other calls.
    ///
    /// - Returns: false if this was the last attempt, so that the run no longer waits.
    @discardableResult
    private func postpone(_ run: ForwardedRun, _ failure: UpstreamFailure) -> Bool {
        return state.withLock { state in
            state.status.failures[failure.kind, default: 0] += 1
            if !failure.isAboutItem {
                let experiment = run.run.experiment.id
                var itemFailure = state.runFailures[experiment] ?? ForwardState.ItemFailure(failure: failure)
                itemFailure.failure = failure
                itemFailure.rows.insert(run.row)
                itemFailure.backOff.fail(at: .now, requested: failure.pause)
                state.runFailures[experiment] = itemFailure
            }
            guard var waiting = state.waiting[run.row] else { return true }
            waiting.backOff.fail(at: .now, requested: failure.pause)
            waiting.failure = failure
            if failure.isAboutItem {
                waiting.refusals += 1
                state.status.lastProgress = .now
            }
            let isLast = waiting.refusals >= ForwardState.mostRefusals
            state.waiting[run.row] = isLast ? nil : waiting
            return !isLast
        }
    }

    /// Removes a completely sent run from the waiting runs, and adds it to those whose files are compared if files were uploaded.
    private func recordAsSent(_ run: ForwardedRun) {
        state.withLock { state in
            state.waiting[run.row] = nil
            if run.journal.comparedArtifactEntry != run.newestArtifactEntry { state.addFiles(ofRun: run.row) }
        }
    }
}
