internal import ArtifactStore
internal import Budgets
internal import Forwarding
internal import HTTPServer
internal import HTTPWire
internal import MLflowAPI
internal import Tracking
internal import TrackingStore

/// The text of `/metrics`, in Prometheus' exposition format.
struct MetricsPage {
    private(set) var text = ""

    init(
        requests: RequestMetrics.Snapshot,
        routes: DeclaredRoutes,
        server: HTTPServer.Statistics?,
        budgets: Budgets,
        store: any TrackingBackend,
        sqliteStore: TrackingStore?,
        reachesDatabase: Bool?,
        wrongTokens: Int?,
        refusedForRate: Int?,
        use: [StorageUse]?,
        freeSpace: FreeSpace?,
        sharing: SharedContents.Statistics?,
        background: [BackgroundTask],
        snapshots: SnapshotScheduler?,
        forwarding: ForwardStatus?
    ) {
        addRequests(requests, routes)
        if let server {
            add("apus_open_connections", "Connections that are open.", "gauge", server.openConnections)
            add("apus_connections_total", "Connections accepted.", "counter", server.acceptedConnections)
            add("apus_received_bytes_total", "Bytes read from sockets.", "counter", server.bytesReceived)
            add("apus_sent_bytes_total", "Bytes written to sockets.", "counter", server.bytesSent)
        }
        if let wrongTokens {
            add("apus_wrong_tokens_total", "Requests with an unknown or expired token.", "counter", wrongTokens)
        }
        if let refusedForRate {
            add("apus_rate_refusals_total", "Requests that came too fast.", "counter", refusedForRate)
        }
        addBudgets(budgets)
        if let use { addUse(use) }
        if let freeSpace { addFreeSpace(freeSpace) }
        add("apus_log_lines_dropped_total", "Log lines that were dropped.", "counter", LogWriter.standardError.dropped)
        add("apus_threads", "Threads of the process.", "gauge", ProcessStatus.threads)
        addWriter(store.writerStatistics)
        addReaders(store.readerStatistics)
        addBackground(background)
        if let snapshots { addSnapshots(snapshots) }
        if let forwarding { addForwarding(forwarding) }
        if let sqliteStore { addFiles(sqliteStore) }
        if let reachesDatabase {
            let help = "1 unless PostgreSQL was unreachable for the last request that needed it."
            add("apus_database_reachable", help, "gauge", reachesDatabase ? 1 : 0)
        }
        if let sharing {
            add("apus_artifact_shared_files_total", "Uploads that share space with a file.", "counter", sharing.files)
            add("apus_artifact_saved_bytes_total", "Bytes saved by this sharing.", "counter", sharing.bytes)
        }
    }

    private mutating func addFiles(_ store: TrackingStore) {
        let sizes = store.fileSizes
        add("apus_database_bytes", "Size of the database file.", "gauge", Int(sizes.database))
        add("apus_database_log_bytes", "Size of the write-ahead log.", "gauge", Int(sizes.log))
        let health = store.examineFiles()
        let help = "1 while the database's files are at their paths and their disk has free space."
        add("apus_store_sound", help, "gauge", health.isStorageSound ? 1 : 0)
        if let free = health.freeBytes {
            add("apus_database_free_bytes", "Free bytes on the disk of the database.", "gauge", Int(free))
        }
    }

    private mutating func addRequests(_ requests: RequestMetrics.Snapshot, _ routes: DeclaredRoutes) {
        head("apus_http_requests_total", "Requests by route and status.", "counter")
        let counts = requests.counts.sorted {
            ($0.key.pattern, $0.key.method, $0.key.status) < ($1.key.pattern, $1.key.method, $1.key.status)
        }
        for (route, count) in counts {
            let action = routes.endpoint(HTTPMethod(rawValue: route.method), route.pattern)?.access.action
            text += "apus_http_requests_total{method=\"\(route.method)\",route=\"\(route.pattern)\","
            text += "status=\"\(route.status)\",action=\"\(action?.rawValue ?? "none")\"} \(count)\n"
        }
        let help = "Time from the complete request head to the end of the answer."
        head("apus_http_request_duration_seconds", help, "histogram")
        var sum = 0
        for (index, count) in requests.latencies.enumerated() {
            sum += count
            let bound = index < RequestMetrics.bounds.count ? "\(Double(RequestMetrics.bounds[index]) / 1e6)" : "+Inf"
            text += "apus_http_request_duration_seconds_bucket{le=\"\(bound)\"} \(sum)\n"
        }
        text += "apus_http_request_duration_seconds_sum \(requests.totalSeconds)\n"
        text += "apus_http_request_duration_seconds_count \(sum)\n"
    }

    private mutating func addBudgets(_ budgets: Budgets) {
        let all = budgets.all.map { (name: $0.name, total: $0.budget.total, usage: $0.budget.usage) }
        let figures: [(name: String, help: String, type: String, value: (Int) -> Int)] = [
            ("held", "The amount of a budget that is in use.", "gauge", { all[$0].usage.held }),
            ("highest", "The largest amount of a budget that was in use.", "gauge", { all[$0].usage.highest }),
            ("limit", "The amount of a budget that all clients together may use.", "gauge", { all[$0].total }),
            ("refusals_total", "Refusals because a budget was used up.", "counter", { all[$0].usage.refusals }),
        ]
        for figure in figures {
            head("apus_budget_\(figure.name)", figure.help, figure.type)
            for index in all.indices {
                text += "apus_budget_\(figure.name){budget=\"\(all[index].name)\"} \(figure.value(index))\n"
            }
        }
    }

    private mutating func addUse(_ use: [StorageUse]) {
        let bytes = use.reduce(0) { $0 + $1.artifactBytes }
        add("apus_stored_artifact_bytes", "Sizes of the artifacts that are stored.", "gauge", bytes)
        add("apus_stored_artifacts", "Artifacts that are stored.", "gauge", use.reduce(0) { $0 + $1.artifacts })
    }

    private mutating func addFreeSpace(_ space: FreeSpace) {
        if let reading = space.reading {
            add("apus_artifact_free_bytes", "Free bytes on the disk of the artifacts.", "gauge", reading.freeBytes)
            add("apus_artifact_kept_bytes", "Bytes on that disk that must stay free.", "gauge", reading.keptBytes)
            let help = "0, 1 when the disk of the artifacts will soon be full, 2 while artifacts are refused."
            add("apus_artifact_space_low", help, "gauge", reading.level == .ample ? 0 : reading.level == .low ? 1 : 2)
        }
        add("apus_artifact_space_refusals_total", "Uploads refused for lack of free space.", "counter", space.refusals)
    }

    private mutating func addWriter(_ writer: WriterStatistics) {
        add("apus_write_queue_depth", "Writes that wait for the next commit.", "gauge", writer.queueDepth)
        add("apus_commits_total", "Transactions committed.", "counter", writer.commits)
        add("apus_committed_requests_total", "Write requests carried out.", "counter", writer.requests)
        add("apus_commit_seconds_total", "Time spent in commits.", "counter", writer.totalCommit.seconds)
        add("apus_commit_seconds_max", "The longest commit.", "gauge", writer.longestCommit.seconds)
        add("apus_checkpoints_total", "Checkpoints of the write-ahead log.", "counter", writer.checkpoints)
        add("apus_checkpoint_seconds_max", "The longest checkpoint.", "gauge", writer.longestCheckpoint.seconds)
        head("apus_commit_requests", "Write requests in one commit.", "histogram")
        var sum = 0
        for (index, count) in writer.commitSizes.enumerated() {
            sum += count
            let bound = index < writer.commitSizes.count - 1 ? "\((2 << index) - 1)" : "+Inf"
            text += "apus_commit_requests_bucket{le=\"\(bound)\"} \(sum)\n"
        }
        text += "apus_commit_requests_sum \(writer.requests)\n"
        text += "apus_commit_requests_count \(sum)\n"
    }

    private mutating func addReaders(_ readers: ReaderStatistics) {
        head("apus_reads_waiting", "Reads that wait for a reader.", "gauge")
        for (kind, count) in [
            ("cheap", readers.waitingCheap), ("expensive", readers.waitingExpensive), ("long", readers.waitingLong),
        ] {
            text += "apus_reads_waiting{kind=\"\(kind)\"} \(count)\n"
        }
        head("apus_reads_running", "Reads under way; long ones at a low priority.", "gauge")
        for (kind, count) in [("short", readers.runningShort), ("long", readers.runningLong)] {
            text += "apus_reads_running{kind=\"\(kind)\"} \(count)\n"
        }
        head("apus_reads_ended_total", "Reads that were ended before they had their answer.", "counter")
        for (reason, count) in [
            ("work", readers.endedForWork), ("time", readers.endedForTime), ("gone", readers.endedForCallers),
            ("log", readers.endedForLog),
        ] {
            text += "apus_reads_ended_total{reason=\"\(reason)\"} \(count)\n"
        }
    }

    private mutating func addBackground(_ tasks: [BackgroundTask]) {
        let all = tasks.map { (name: $0.name, report: $0.report) }
        let figures: [(name: String, help: String, type: String, value: (BackgroundTask.Report) -> String)] = [
            ("runs_total", "How often a background task has run.", "counter", { "\($0.runs)" }),
            ("failures_total", "How often a background task has failed.", "counter", { "\($0.failures)" }),
            ("last_failed", "1 if the last run of a background task failed.", "gauge", { $0.lastFailed ? "1" : "0" }),
            ("last_seconds", "Time of the last run of a background task.", "gauge", { "\($0.lastDuration.seconds)" }),
        ]
        for figure in figures {
            head("apus_background_\(figure.name)", figure.help, figure.type)
            for task in all {
                text += "apus_background_\(figure.name){work=\"\(task.name)\"} \(figure.value(task.report))\n"
            }
        }
    }

    private mutating func addSnapshots(_ scheduler: SnapshotScheduler) {
        let status = scheduler.status
        add("apus_snapshots_total", "Snapshots that this process has made.", "counter", scheduler.snapshotCount)
        add("apus_snapshot_current", "1 while the newest snapshot is up to date.", "gauge", status.isCurrent ? 1 : 0)
        add("apus_snapshot_failing", "1 if the last one could not be made.", "gauge", status.failure == nil ? 0 : 1)
        guard let age = scheduler.age else { return }
        add("apus_snapshot_age_seconds", "Age of the newest snapshot.", "gauge", age.seconds)
    }

    private mutating func addForwarding(_ status: ForwardStatus) {
        add("apus_forward_backlog_runs", "Runs that wait for the upstream.", "gauge", status.backlogRuns)
        let ownersHelp = "Runs and models whose files wait for the upstream."
        add("apus_forward_backlog_artifact_owners", ownersHelp, "gauge", status.backlogFileOwners)
        let bytesHelp = "Bytes of files that are known to be missing at the upstream."
        add("apus_forward_backlog_artifact_bytes", bytesHelp, "gauge", Int(status.backlogFileBytes))
        let comparingHelp = "1 while all runs are compared with what was sent, as after a start."
        add("apus_forward_comparing", comparingHelp, "gauge", status.isComparing ? 1 : 0)
        let isFailing = status.failure != nil
        add("apus_forward_failing", "1 if the last call to the upstream failed.", "gauge", isFailing ? 1 : 0)
        add("apus_forward_runs_total", "Runs created at the upstream.", "counter", status.sentRuns)
        add("apus_forward_points_total", "Metric points sent to the upstream.", "counter", status.sentPoints)
        add("apus_forward_artifacts_total", "Files sent to the upstream.", "counter", status.sentFiles)
        add("apus_forward_artifact_bytes_total", "Bytes of these files.", "counter", Int(status.sentBytes))
        if let last = status.lastSuccess {
            let help = "When the upstream last accepted data."
            add("apus_forward_last_success_timestamp_seconds", help, "gauge", Double(last) / 1_000)
        }
        head("apus_forward_failures_total", "Failed calls to the upstream.", "counter")
        for kind in UpstreamFailure.Kind.allCases {
            text += "apus_forward_failures_total{kind=\"\(kind.rawValue)\"} \(status.failures[kind] ?? 0)\n"
        }
    }

    private mutating func head(_ name: String, _ help: String, _ type: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private mutating func add(_ name: String, _ help: String, _ type: String, _ value: some CustomStringConvertible) {
        head(name, help, type)
        text += "\(name) \(value)\n"
    }
}

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
