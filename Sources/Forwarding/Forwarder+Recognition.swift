internal import Budgets
internal import Synchronization
internal import TrackingStore

/// Whether the server behind the address still is the one that the journal tells of.
extension Forwarder {
    private static let runsAtOnce = 1_000

    /// Asks the upstream for something that it was given, and forgets what the journal says if it has nothing of it, so that
    /// all is sent again: its database is another one.
    ///
    /// It is asked after a start and after a failure, and else from time to time.
    func recognize(_ upstream: any Upstream, _ upstreamID: Int64) throws {
        guard state.withLock({ !$0.isRecognized(at: .now) }) else { return }
        let evidence = try store.readNow(.cheap) { try $0.forwardEvidence(upstream: upstreamID) }
        var isInDoubt = false
        for piece in evidence {
            switch try isThere(piece, upstream) {
            case true?: return state.withLock { $0.recognized = .now }
            case false?: continue
            case nil: isInDoubt = true
            }
        }
        // It is asked again in the next round.
        if isInDoubt { return }
        if !evidence.isEmpty {
            settings.report("the upstream \(calls.address) has nothing of what it was sent: all is sent to it again")
            try forgetAll(upstreamID)
        }
        state.withLock { $0.recognized = .now }
    }

    /// - Returns: nil where the upstream does not say, which may concern the one thing only.
    private func isThere(_ evidence: ForwardEvidence, _ upstream: any Upstream) throws(UpstreamFailure) -> Bool? {
        do throws(UpstreamFailure) {
            return try upstream.holds(evidence)
        } catch {
            if error.kind == .missing { return false }
            if error.isAboutServer { throw error }
            return nil
        }
    }

    /// Runs are the evidence, so that an interrupted forgetting goes on after the next start.
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

    /// Lets an experiment be looked for again because the upstream says that it is not there.
    func forgetExperiment(_ id: Int64, _ upstreamID: Int64) throws {
        let name = String(id)
        state.withLock { $0.experiments[id] = nil }
        let known = try store.readNow(.cheap) { try $0.forwardedThing(.experiment, name, upstream: upstreamID) }
        guard var thing = known else { return }
        thing.digest = ""
        try store.writeNow { [thing] in try $0.note(thing, .experiment, name, upstream: upstreamID) }
    }
}

extension ForwardState {
    private static let timeOfRecognition = Duration.seconds(10)

    fileprivate func isRecognized(at now: ContinuousClock.Instant) -> Bool {
        recognized.map { now - $0 < Self.timeOfRecognition } ?? false
    }

    /// Begins anew with a server of which nothing is known.
    fileprivate mutating func forgetUpstream() {
        experiments = [:]
        fileRuns = []
        fileModels = [:]
        fileBytes = [:]
        dependants = [:]
        waiting = [:]
        runTroubles = [:]
        thingTroubles = [:]
        fileTroubles = [:]
        generation += 1
        comparison = 0
        haveThingsChanged = true
    }
}
