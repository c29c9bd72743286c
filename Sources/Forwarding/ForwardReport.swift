package import Budgets
package import JSON
internal import Tracking
package import TrackingStore

/// How much of each run an upstream has, why a run waits or failed, and which parts the upstream lacks.
package struct ForwardReport: Sendable {
    package enum State: String, Sendable {
        /// The upstream has the whole run.
        case sent
        /// A part of the run still has to be sent.
        case waiting
        /// The upstream refuses the run, which is sent again when it changes or after `apus forward retry`.
        case failed
        /// The operator excluded the run from forwarding.
        case skipped
    }

    /// One run of the report.
    package struct Line: Sendable {
        package var runID: String
        package var name: String
        package var state: State
        package var remoteID: String?
        package var points: Int64
        package var sentPoints: Int64
        package var sentTime: Int64?
        /// Why the run waits or failed; nil if no call for it has failed.
        package var reason: String?
    }

    package var lines: [Line] = []
    /// The row after which the next page begins; nil on the last page.
    package var next: Int64?
    package var omissions: [ForwardOmission] = []
    package var omissionCount: Int64 = 0
    /// Parts that the upstream has in another form, such as a version with another number.
    package var notes: [ForwardOmission] = []

    fileprivate static let mostOmissions = 200
    private static let runsPerPage = 1_000

    /// Reads one page of the report; blocks as `TrackingStore.readNow` does.
    ///
    /// - Parameters:
    ///   - runIDs: nil for all runs.
    ///   - forwarder: the forwarder that knows which runs wait; nil if no server has the data open, so that only the
    ///     journal is read.
    ///   - caller: the client that asks; unless it may read everything, the report contains only the runs that it may
    ///     read.
    package init(
        of store: TrackingStore,
        upstream: String,
        runIDs: [String]?,
        after start: Int64,
        limit: Int,
        forwarder: Forwarder?,
        for caller: Caller = .server
    ) throws {
        let found = try store.readNow(.continued, for: caller) { session in
            let id = try session.upstreamID(of: upstream) ?? 0
            let runs = try session.forwardedRunStatuses(after: start, limit: limit, runIDs: runIDs, upstream: id)
            guard caller.seesAll else {
                let omissions = try session.omissions(of: runs.map(\.info.runID), upstream: id)
                let shown = Array(omissions.prefix(Self.mostOmissions))
                return (runs: runs, omissions: shown, notes: [ForwardOmission](), count: Int64(omissions.count))
            }
            return (
                runs: runs,
                omissions: try session.omissions(upstream: id, limit: Self.mostOmissions),
                notes: try session.omissions(upstream: id, ofRenumberedVersions: true, limit: Self.mostOmissions),
                count: try session.omissionCount(upstream: id)
            )
        }
        let failures = forwarder?.failures ?? [:]
        lines = found.runs.map { run in
            let failure = failures[run.row] ?? run.journal.failure
            let isWaiting =
                forwarder?.isWaiting(row: run.row) ?? false || run.journal.remoteID == nil
                || run.points != run.sentPoints
            let hasFailed = run.journal.failure != nil && failures[run.row] == nil
            let state: State =
                if run.journal.isSkipped { .skipped } else if hasFailed { .failed } else {
                    isWaiting ? .waiting : .sent
                }
            return Line(
                runID: run.info.runID,
                name: run.info.name,
                state: state,
                remoteID: run.journal.remoteID,
                points: run.points,
                sentPoints: run.sentPoints,
                sentTime: run.journal.sentTime,
                reason: failure
            )
        }
        next = limit > 0 && found.runs.count == limit ? found.runs.last?.row : nil
        omissions = found.omissions
        omissionCount = found.count
        notes = found.notes
    }

    /// Reads all pages of the report into one.
    package init(ofAll store: TrackingStore, upstream: String, runIDs: [String]?, forwarder: Forwarder?) throws {
        var start = Int64.min
        var lines: [Line] = []
        while true {
            self = try ForwardReport(
                of: store,
                upstream: upstream,
                runIDs: runIDs,
                after: start,
                limit: Self.runsPerPage,
                forwarder: forwarder
            )
            lines += self.lines
            guard let next else { break }
            start = next
        }
        self.lines = lines
    }
}

extension JSONWriter {
    /// Writes a status as members of the object that the writer has begun.
    ///
    /// - Parameter caller: the client that asks; unless it may read everything, the names of items and the upstream's
    ///   messages are left out.
    package mutating func members(of status: ForwardStatus, for caller: Caller) {
        member("upstream", status.upstream)
        member("kind", ifPresent: status.title)
        member("current", status.isCurrent)
        member("backlog_runs", status.backlogRuns)
        member("backlog_artifact_owners", status.backlogFileOwners)
        member("backlog_artifact_bytes", status.backlogFileBytes)
        member("comparing", status.isComparing)
        member("last_success", ifPresent: status.lastSuccess)
        if let failure = status.failure {
            memberObject("failure") { writer in
                writer.member("kind", failure.kind.rawValue)
                writer.member("message", caller.seesAll ? failure.message : "an admin can see why")
            }
        }
        let postponed = caller.seesAll ? status.postponed : []
        memberArray("postponed") { $0.list(postponed.prefix(ForwardReport.mostOmissions)) }
    }

    /// Writes a report as members of the object that the writer has begun.
    package mutating func members(of report: ForwardReport) {
        memberArray("run_states") { writer in
            for line in report.lines {
                writer.beginObject()
                writer.member("run_id", line.runID)
                writer.member("run_name", line.name)
                writer.member("state", line.state.rawValue)
                writer.member("upstream_run_id", ifPresent: line.remoteID)
                writer.member("points", line.points)
                writer.member("sent_points", line.sentPoints)
                writer.member("sent_time", ifPresent: line.sentTime)
                writer.member("reason", ifPresent: line.reason)
                writer.endObject()
            }
        }
        member("next_page_token", ifPresent: report.next.map { String($0) })
        member("omission_count", report.omissionCount)
        memberArray("omissions") { $0.list(report.omissions) }
        memberArray("notes") { $0.list(report.notes) }
    }

    private mutating func list(_ omissions: some Sequence<ForwardOmission>) {
        for omission in omissions {
            beginObject()
            member("subject", omission.subject)
            member("part", omission.part)
            member("reason", omission.reason)
            endObject()
        }
    }
}
