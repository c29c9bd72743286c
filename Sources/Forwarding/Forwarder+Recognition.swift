internal import Budgets
internal import Synchronization
internal import TrackingStore

/// Checks whether the upstream still has the database that the journal describes.
extension Forwarder {
    private static let runsAtOnce = 1_000

    /// Checks whether the upstream has at least one of a few runs and experiments that were sent to it.
    ///
    /// If it has none of them, its database is another one, and the journal is cleared, so that everything is sent
    /// again. The check is made after a start, after a failure, and otherwise every `recognitionInterval`.
    func recognize(_ upstream: any Upstream, _ upstreamID: Int64) throws {
        guard state.withLock({ !$0.isRecognized(at: .now) }) else { return }
        let entities = try store.readNow(.cheap) { try $0.knownEntities(ofUpstream: upstreamID) }
        var isInDoubt = false
        for entity in entities {
            switch try isPresent(entity, upstream) {
            case true?: return state.withLock { $0.lastRecognition = .now }
            case false?: continue
            case nil: isInDoubt = true
            }
        }
        // Without a clear answer, the next round repeats the check.
        if isInDoubt { return }
        if !entities.isEmpty {
            settings.report(
                "the upstream \(calls.address) has none of the runs that were sent to it: everything is sent again"
            )
            try forgetAll(upstreamID)
        }
        state.withLock { $0.lastRecognition = .now }
    }

    /// - Returns: nil if the call failed although the upstream answers other calls.
    private func isPresent(_ entity: KnownUpstreamEntity, _ upstream: any Upstream) throws(UpstreamFailure) -> Bool? {
        do throws(UpstreamFailure) {
            return try upstream.has(entity)
        } catch {
            if error.kind == .missing { return false }
            if error.isAboutServer { throw error }
            return nil
        }
    }

    /// Clears the journal of this upstream.
    ///
    /// Runs are removed last, because `recognize` checks them: if clearing is interrupted, the next start repeats it.
    private func forgetAll(_ upstreamID: Int64) throws {
        state.withLock { $0.forgetUpstream() }
        try store.writeNow { try $0.forgetForwardedThings(upstream: upstreamID) }
        var position: Int64? = .min
        while let row = position {
            position = try store.writeNow {
                try $0.forgetForwardedRuns(after: row, limit: Self.runsAtOnce, upstream: upstreamID)
            }
        }
        state.withLock { $0.forgetUpstream() }
    }

    /// Makes the next round search for an experiment at the upstream again, because the upstream reports it as missing.
    func forgetExperiment(_ id: Int64, _ upstreamID: Int64) throws {
        let name = String(id)
        state.withLock { $0.experiments[id] = nil }
        let journalEntry = try store.readNow(.cheap) { try $0.forwardedEntity(.experiment, name, upstream: upstreamID) }
        guard var item = journalEntry else { return }
        item.digest = ""
        try store.writeNow { [item] in try $0.note(item, .experiment, name, upstream: upstreamID) }
    }
}

extension ForwardState {
    private static let recognitionInterval = Duration.seconds(10)

    fileprivate func isRecognized(at now: ContinuousClock.Instant) -> Bool {
        lastRecognition.map { now - $0 < Self.recognitionInterval } ?? false
    }

    /// Clears what this server has in memory about the upstream, and starts a comparison of all runs.
    fileprivate mutating func forgetUpstream() {
        experiments = [:]
        fileRuns = []
        fileModels = [:]
        renewedFileRuns = []
        renewedFileModels = []
        fileBytes = [:]
        dependants = [:]
        waiting = [:]
        runFailures = [:]
        itemFailures = [:]
        fileFailures = [:]
        generation += 1
        comparedUpTo = 0
        haveItemsChanged = true
    }
}
