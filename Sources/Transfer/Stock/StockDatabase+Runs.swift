internal import SQLite
internal import Tracking

extension StockDatabase {
    /// The number of runs that one query reads, and of points in one record.
    private static let pageSize = 200
    private static let pointsPerRecord = 5_000

    func readRuns(
        of experiments: [Int64: String],
        _ selection: TransferSelection,
        _ take: (TransferItem) throws -> Void
    ) throws {
        let page = try connection.prepare(
            """
            SELECT rowid, run_uuid, coalesce(name, ''), coalesce(user_id, ''), status, start_time, end_time,
                coalesce(artifact_uri, ''), lifecycle_stage, experiment_id,
                \(columns.value("runs", "deleted_time", else: "NULL"))
            FROM runs
            WHERE rowid > ?1
            ORDER BY rowid
            LIMIT \(Self.pageSize)
            """
        )
        var last: Int64 = .min
        var isFirst = !selection.leavesArtifacts
        while true {
            try page.bind(last, at: 1)
            let rows = try page.map { row in (rowID: row.int64(0), run: StockRun(row)) }
            for (rowID, run) in rows {
                last = rowID
                guard let name = experiments[run.info.experimentID], selection.includes(run.info) else { continue }
                if isFirst, let hint = places.hint(for: run.info.artifactURI) { try take(.hint(hint)) }
                isFirst = false
                try read(run, TransferredHome(id: run.info.experimentID, name: name), selection, take)
            }
            if rows.count < Self.pageSize { return }
        }
    }

    private func read(
        _ stock: StockRun,
        _ home: TransferredHome,
        _ selection: TransferSelection,
        _ take: (TransferItem) throws -> Void
    ) throws {
        var run = Run(info: stock.info)
        let id = stock.info.runID
        run.params = try tags("SELECT key, value FROM params WHERE run_uuid = ?1 ORDER BY key", id)
            .map { Param(key: $0.key, value: $0.value) }
        run.tags = try tags("SELECT key, coalesce(value, '') FROM tags WHERE run_uuid = ?1 ORDER BY key", id)
        // Before 1.30 a run had no name but its tag.
        if run.info.name.isEmpty { run.info.name = run.tags.first { $0.key == Tag.runNameKey }?.value ?? "" }
        try readInputs(of: &run)
        if let status = stock.unknownStatus {
            try take(.skipped("run \(id)", "its status '\(shortened(status))' is not known; FINISHED stands for it"))
        }
        let location = run.info.artifactURI
        if !selection.leavesArtifacts { run.info.artifactURI = places.movedLocation(location) }
        try take(.record(.run(TransferredRun(run: run, home: home, deletedTime: stock.deletedTime))))
        try readPoints(ofRun: id, take)
        if !selection.leavesArtifacts, let folder = places.folder(of: location, owner: id) {
            try take(.artifacts(folder))
        }
    }

    private func readInputs(of run: inout Run) throws {
        guard columns.has("inputs"), columns.has("datasets") else { return }
        let id = run.info.runID
        let select = try connection.cached(
            """
            SELECT input.input_uuid, data.name, data.digest, data.dataset_source_type, data.dataset_source,
                data.dataset_schema, data.dataset_profile
            FROM inputs AS input
            JOIN datasets AS data ON data.dataset_uuid = input.source_id
            WHERE input.source_type = 'DATASET' AND input.destination_type = 'RUN' AND input.destination_id = ?1
            ORDER BY input.rowid
            """
        )
        try select.bind(id, at: 1)
        let inputs = try select.map { row in
            let dataset = Dataset(
                name: row.string(1),
                digest: row.string(2),
                sourceType: row.string(3),
                source: row.string(4),
                schema: row.optionalString(5),
                profile: row.optionalString(6)
            )
            return (id: row.string(0), dataset: dataset)
        }
        for input in inputs {
            let tags = try tags("SELECT name, value FROM input_tags WHERE input_uuid = ?1 ORDER BY name", input.id)
            run.datasetInputs.append(DatasetInput(dataset: input.dataset, tags: tags))
        }
        let step = columns.value("inputs", "step", else: "0")
        let models = try connection.cached(
            """
            SELECT destination_type, destination_id, \(step)
            FROM inputs
            WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id = ?1
            ORDER BY rowid
            """
        )
        try models.bind(id, at: 1)
        try models.forEachRow { row in
            switch row.string(0) {
            case "MODEL_INPUT": run.modelInputs.append(ModelInput(modelID: row.string(1)))
            case "MODEL_OUTPUT": run.modelOutputs.append(ModelOutput(modelID: row.string(1), step: row.int64(2)))
            default: break
            }
        }
    }

    /// Emits the points of a run, key by key, in the order in which they are cheapest to store.
    private func readPoints(ofRun id: String, _ take: (TransferItem) throws -> Void) throws {
        let select = try connection.cached(
            """
            SELECT key, timestamp, step, value, is_nan
            FROM metrics
            WHERE run_uuid = ?1
            ORDER BY key, timestamp, step, value
            """
        )
        try select.bind(id, at: 1)
        var current = TransferredPoints(runID: id, key: "", points: [])
        func send() throws {
            if !current.points.isEmpty { try take(.record(.points(current))) }
            current.points.removeAll(keepingCapacity: true)
        }
        try select.forEachRow { row in
            let isSameKey = row.withText(0) { bytes in current.key.utf8.elementsEqual(bytes) }
            if !isSameKey || current.points.count == Self.pointsPerRecord {
                try send()
                if !isSameKey { current.key = row.string(0) }
            }
            let isNaN = row.bool(4)
            let metric = Metric(
                key: "",
                value: isNaN || row.isNull(3) ? .nan : row.double(3),
                timestamp: row.int64(1),
                step: row.int64(2)
            )
            current.points.append(MetricPoint(metric))
        }
        try send()
    }
}

/// A row of `runs`.
private struct StockRun {
    var info: RunInfo
    var deletedTime: Int64?
    /// nil where the status is known.
    var unknownStatus: String?

    init(_ row: Statement) {
        let status = RunStatus(wireName: row.string(4))
        info = RunInfo(
            runID: row.string(1),
            name: row.string(2),
            experimentID: row.int64(9),
            userID: row.string(3),
            status: status ?? .finished,
            startTime: row.int64(5),
            endTime: row.optionalInt64(6),
            artifactURI: row.string(7),
            lifecycleStage: StockDatabase.stage(row.string(8))
        )
        deletedTime = row.optionalInt64(10)
        unknownStatus = status == nil ? row.string(4) : nil
    }
}
