internal import SQLite
internal import Tracking

extension MLflowDatabase {
    func readRuns(
        of experiments: [Int64: String],
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        let selectedColumns = """
            run_uuid, name, user_id, status, start_time, end_time, artifact_uri, lifecycle_stage, experiment_id,
            \(columns.expression("runs", "deleted_time", else: "NULL"))
            """
        var mayEmitHint = !selection.skipsArtifacts
        try forEachRow(of: "runs", "run", key: "run_uuid", columns: selectedColumns, DatabaseRun.init) { run in
            guard selection.includes(run.info) else { return }
            guard let name = experiments[run.info.experimentID] else {
                guard reportsMissingExperiment(run.info.experimentID, selection) else { return }
                let reason = "its experiment \(run.info.experimentID) does not exist"
                return try emit(.skipped("run \(run.info.runID)", reason))
            }
            if mayEmitHint, let hint = finder.hint(for: run.info.artifactURI) { try emit(.hint(hint)) }
            mayEmitHint = false
            try read(run, SourceExperiment(id: run.info.experimentID, name: name), selection, emit)
        }
    }

    private func read(
        _ row: DatabaseRun,
        _ experiment: SourceExperiment,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        var run = Run(info: row.info)
        let id = row.info.runID
        let subject = "run \(id)"
        let params = try pairs(subject, "params", where: "run_uuid = ?1", [.text(id)])
        run.params = params.map { Param(key: $0.key, value: $0.value) }
        run.tags = try pairs(subject, "tags", where: "run_uuid = ?1", [.text(id)])
        // Before MLflow 1.30, the name of a run was only a tag.
        if run.info.name.isEmpty { run.info.name = run.tags.first { $0.key == Tag.runNameKey }?.value ?? "" }
        try reportingDamage("\(subject): its datasets and models") { try readInputs(of: &run) }
        if let status = row.unknownStatus {
            try emit(.skipped("run \(id)", "its status '\(shortened(status))' is unknown and becomes FINISHED"))
        }
        let location = run.info.artifactURI
        if !selection.skipsArtifacts { run.info.artifactURI = finder.movedLocation(location) }
        try emit(.record(.run(TransferredRun(run: run, experiment: experiment, deletedTime: row.deletedTime))))
        try readPoints(ofRun: id, emit)
        guard !selection.skipsArtifacts else { return }
        try finder.emitFolder(of: location, owner: id, emit) { missingFiles.add(run) }
    }

    private func readInputs(of run: inout Run) throws {
        guard columns.has("inputs"), columns.has("datasets") else { return }
        let id = run.info.runID
        let select = """
            SELECT input.input_uuid, data.name, data.digest, data.dataset_source_type, data.dataset_source,
                data.dataset_schema, data.dataset_profile
            FROM inputs AS input
            JOIN datasets AS data ON data.dataset_uuid = input.source_id
            WHERE input.source_type = 'DATASET' AND input.destination_type = 'RUN' AND input.destination_id = ?1
            ORDER BY input.\(reader.rowOrder)
            """
        let inputs = try rows(select, [.text(id)], subject: { _ in "run \(id): a dataset" }) { row throws(RowFault) in
            let dataset = Dataset(
                name: try row.text(1),
                digest: try row.text(2),
                sourceType: try row.text(3),
                source: try row.text(4),
                schema: try row.optionalText(5),
                profile: try row.optionalText(6)
            )
            return (id: try row.text(0), dataset: dataset)
        }
        for input in inputs {
            let subject = "run \(id): dataset \(input.dataset.name)"
            let tags = try pairs(subject, "input_tags", key: "name", where: "input_uuid = ?1", [.text(input.id)])
            run.datasetInputs.append(DatasetInput(dataset: input.dataset, tags: tags))
        }
        let step = columns.expression("inputs", "step", else: "0")
        let models = """
            SELECT destination_type, destination_id, \(step)
            FROM inputs
            WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id = ?1
            ORDER BY \(reader.rowOrder)
            """
        _ = try rows(models, [.text(id)], subject: { _ in "run \(id): a model" }) { row throws(RowFault) in
            switch try row.text(0) {
            case "MODEL_INPUT": run.modelInputs.append(ModelInput(modelID: try row.text(1)))
            case "MODEL_OUTPUT":
                run.modelOutputs.append(ModelOutput(modelID: try row.text(1), step: try row.integer(2)))
            default: break
            }
        }
    }

    /// Emits the points of a run, sorted by key, time and step, because a store adds sorted points fastest.
    private func readPoints(ofRun id: String, _ emit: (TransferItem) throws -> Void) throws {
        var points = PointCollector(runID: id)
        let selectedColumns = "SELECT key, timestamp, step, value, is_nan FROM metrics"
        let select =
            "\(selectedColumns) WHERE run_uuid = ?1 ORDER BY key \(reader.byteCollation), timestamp, step, value"
        do {
            try reader.forEachRow(select, .text(id)) { try points.add($0, emit) }
        } catch let error as SQLiteError where error.isDamage {
            // Some points may be emitted a second time, which changes nothing.
            let rows = "SELECT rowid FROM metrics WHERE run_uuid = ?1"
            for row in try rowIDs(rows, [.text(id)], subject: "run \(id): the index of its metrics") {
                do {
                    try reader.forEachRow("\(selectedColumns) WHERE rowid = ?1", .integer(row)) {
                        try points.add($0, emit)
                    }
                } catch let error as SQLiteError where error.isDamage {
                    points.addLost(Self.damagedPageReason)
                }
            }
        }
        try points.send(to: emit)
        if let (count, reason) = points.lost {
            skippedParts.add(
                "run \(id): its metrics",
                "\(count) points are left out; the reason for the first: \(reason)"
            )
        }
    }
}

/// Collects the points of a run into records of one key each.
private struct PointCollector {
    private var current: TransferredPoints
    /// The number of rows that could not be read as points, and the reason of the first; nil if there were none.
    private(set) var lost: (count: Int, reason: String)?

    init(runID: String) { current = TransferredPoints(runID: runID, key: "", points: []) }

    mutating func add(_ row: DatabaseRow, _ emit: (TransferItem) throws -> Void) throws {
        let isSameKey = row.hasText(0, current.key)
        let (key, point): (String, MetricPoint)
        do throws(RowFault) {
            key = isSameKey ? current.key : try row.text(0)
            let isNaN = try row.integer(4) != 0
            let value = try row.number(3)
            let (time, step) = (try row.integer(1), try row.integer(2))
            point = MetricPoint(Metric(key: "", value: isNaN ? .nan : value, timestamp: time, step: step))
        } catch {
            return addLost(error.description)
        }
        if !isSameKey || current.points.count == TransferFileLimits.pointsPerRecord {
            try send(to: emit)
            current.key = key
        }
        current.points.append(point)
    }

    mutating func addLost(_ reason: String) { lost = ((lost?.count ?? 0) + 1, lost?.reason ?? reason) }

    mutating func send(to emit: (TransferItem) throws -> Void) throws {
        if !current.points.isEmpty { try emit(.record(.points(current))) }
        current.points.removeAll(keepingCapacity: true)
    }
}

/// A row of `runs`.
private struct DatabaseRun {
    var info: RunInfo
    var deletedTime: Int64?
    /// The text of a status that Apus does not know; nil for a known status.
    var unknownStatus: String?

    init(_ row: DatabaseRow) throws(RowFault) {
        let status = RunStatus(wireName: try row.text(3))
        info = RunInfo(
            runID: try row.text(0),
            name: try row.text(1),
            experimentID: try row.integer(8),
            userID: try row.text(2),
            status: status ?? .finished,
            startTime: try row.integer(4),
            endTime: try row.optionalInteger(5),
            artifactURI: try row.text(6),
            lifecycleStage: MLflowDatabase.stage(try row.text(7))
        )
        deletedTime = try row.optionalInteger(9)
        unknownStatus = status == nil ? try row.text(3) : nil
    }
}
