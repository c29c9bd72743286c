internal import Budgets
internal import Synchronization
internal import Tracking
internal import TrackingStore

/// Prepares the refused items that the operator wants to send again.
extension Forwarder {
    /// The number of runs that one write changes.
    private static let runsAtOnce = 100

    /// Marks refused parts in the journal as not sent, so that the next rounds send them again.
    ///
    /// Only the thread that sends runs may call this, because only that thread may write the sent state of runs. A
    /// refused part stays in the list of omissions until the upstream accepts it.
    func beginRetry(_ upstreamID: Int64) throws {
        let retry = state.withLock { state in
            defer { state.retry = ForwardState.Retry() }
            // This flag keeps `isComparing` of the status true after the request to retry is removed.
            if state.retry.isWanted { state.haveItemsChanged = true }
            return state.retry
        }
        guard retry.isWanted else { return }
        do {
            try resend(retry.includesAll ? nil : Array(retry.subjects), upstreamID)
        } catch {
            state.withLock { state in
                state.retry.includesAll = state.retry.includesAll || retry.includesAll
                state.retry.subjects.formUnion(retry.subjects)
            }
            throw error
        }
    }

    private func resend(_ subjects: [String]?, _ upstreamID: Int64) throws {
        let omissions = try store.readNow(.continued) { try $0.omissions(of: subjects, upstream: upstreamID) }
        let parts = Dictionary(grouping: omissions, by: \.subject).sorted { $0.key < $1.key }
        for start in stride(from: 0, to: parts.count, by: Self.runsAtOnce) {
            try resend(parts[start..<min(start + Self.runsAtOnce, parts.count)].map { ($0.key, $0.value) }, upstreamID)
        }
        try store.writeNow { session in
            try session.resendThings(subjects, upstream: upstreamID)
            if subjects == nil { try session.forgetFailuresOfRuns(upstream: upstreamID) }
        }
        state.withLock { state in
            state.experiments = [:]
            state.haveItemsChanged = true
            if subjects == nil { state.comparedUpTo = 0 }
        }
    }

    private func resend(_ subjects: [(name: String, omissions: [ForwardOmission])], _ upstreamID: Int64) throws {
        let found = try store.readNow(.continued) { session in
            var (retries, owners, removed): ([ForwardedRunRetry], Set<ForwardedFileOwner>, [String]) = ([], [], [])
            for (name, omissions) in subjects {
                let parts = omissions.map(\.part)
                guard try session.existsLocally(name) else {
                    removed.append(name)
                    continue
                }
                let filePrefix = ForwardOmission.part(ofFile: "")
                let hasFiles = parts.contains { $0 == ForwardOmission.files || $0.hasPrefix(filePrefix) }
                guard let row = try session.rowOfRun(name) else {
                    if hasFiles { owners.insert(.loggedModel(name)) }
                    continue
                }
                if hasFiles { owners.insert(.run(name)) }
                var retry = ForwardedRunRetry(row: row)
                let journal = try session.forwardedRunJournal(row: row, upstream: upstreamID)
                if var sent = journal.flatMap({ SentRun($0.sentContent) }) {
                    for part in parts { sent.markInDoubt(part) }
                    retry.sentContent = sent.text
                }
                let metricPrefix = ForwardOmission.part(ofMetric: "")
                retry.metrics = parts.filter { $0.hasPrefix(metricPrefix) }
                    .map { String($0.dropFirst(metricPrefix.count)) }
                retries.append(retry)
            }
            return (retries: retries, owners: owners, removed: removed)
        }
        // This is set before the write, so that a comparison of files that runs meanwhile does not count as a
        // comparison of all files.
        state.withLock { $0.fileRetries.formUnion(found.owners) }
        try store.writeNow { session in
            try session.resend(found.retries, upstream: upstreamID)
            for name in found.removed { try session.forgetOmissions(of: name, upstream: upstreamID) }
        }
        let now = ContinuousClock.now
        state.withLock { state in
            for retry in found.retries {
                state.wait(for: retry.row, at: ForwardState.distantPast(now))
                state.addFiles(ofRun: retry.row)
            }
        }
    }
}
