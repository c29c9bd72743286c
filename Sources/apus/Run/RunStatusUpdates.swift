internal import Dispatch
internal import HTTPClient
internal import JSON
internal import Synchronization

/// Asks the server every few seconds for facts that go into the status of `apus run`.
///
/// The facts are the ids of the runs that begin while the command is running, and the data that an upstream still lacks.
final class RunStatusUpdates: Sendable {
    private static let interval = DispatchTimeInterval.seconds(5)
    /// The largest number of run ids in the status.
    private static let mostIDs = 1_000
    private static let longestUpdate = Duration.seconds(2)

    private struct Seen {
        /// The latest start time of the runs seen so far, in Unix milliseconds; only runs since then are asked for.
        var since: Int64
        var ids: Set<String> = []
        var isFinished = false
    }

    private let calls: CommandServerCalls
    private let file: RunStatusFile
    private let queue = DispatchQueue(label: "apus.run.status", qos: .utility)
    private let seen: Mutex<Seen>

    init?(_ file: RunStatusFile) {
        let status = file.status
        guard let uri = status.trackingURI, let calls = CommandServerCalls(uri, databasePath: status.databasePath)
        else { return nil }
        self.calls = calls
        self.file = file
        seen = Mutex(Seen(since: file.status.startTime))
    }

    /// Updates the status every five seconds until `finish()` is called.
    func begin() {
        queue.asyncAfter(deadline: .now() + Self.interval) { [self] in
            guard !seen.withLock(\.isFinished) else { return }
            update()
            begin()
        }
    }

    /// Updates the status a last time, and waits until that is done.
    func finish() {
        seen.withLock { $0.isFinished = true }
        queue.sync(execute: update)
    }

    /// Asks the server once.
    ///
    /// If the server does not answer in time, the status is not changed until the next update.
    private func update() {
        let deadline = Deadline(after: Self.longestUpdate)
        if let backlog = calls.backlog(by: deadline) { file.change { $0.backlog = backlog } }
        guard let experiments = experimentIDs(by: deadline), !experiments.isEmpty else { return }
        var newIDs: [String] = []
        var pageToken: String?
        repeat {
            guard let found = page(of: experiments, pageToken, by: deadline), let runs = found["runs"] else { break }
            pageToken = found["next_page_token"]?.string
            seen.withLock { seen in
                for run in runs.elements {
                    guard let id = run["run_id"]?.string, seen.ids.count < Self.mostIDs else { continue }
                    if seen.ids.insert(id).inserted { newIDs.append(id) }
                    // The clock of a client may be ahead; its future start time would hide the runs that start until then.
                    seen.since = max(seen.since, min(run["start_time"]?.int64 ?? 0, unixMilliseconds()))
                }
            }
        } while pageToken != nil && !isFull
        if !newIDs.isEmpty { file.change { $0.runIDs += newIDs } }
    }

    private var isFull: Bool { seen.withLock { $0.ids.count >= Self.mostIDs } }

    private func experimentIDs(by deadline: Deadline) -> [String]? {
        var ids: [String] = []
        var pageToken: String?
        repeat {
            let found = calls.answer("/api/2.0/mlflow/experiments/search", by: deadline) { body in
                body.member("max_results", 1_000)
                body.member("view_type", "ALL")
                body.member("page_token", ifPresent: pageToken)
            }
            guard let experiments = found?["experiments"] else { return nil }
            ids += experiments.elements.compactMap { $0["experiment_id"]?.string }
            pageToken = found?["next_page_token"]?.string
        } while pageToken != nil
        return ids
    }

    private func page(of experiments: [String], _ pageToken: String?, by deadline: Deadline) -> JSONValue? {
        calls.answer("/api/apus/1.0/runs/table", by: deadline) { body in
            body.member("experiment_ids", strings: experiments)
            body.member("filter", "attributes.start_time >= \(seen.withLock(\.since))")
            body.member("order_by", strings: ["attributes.start_time ASC"])
            body.member("run_view_type", "ALL")
            body.member("max_results", Self.mostIDs)
            body.member("page_token", ifPresent: pageToken)
        }
    }
}
