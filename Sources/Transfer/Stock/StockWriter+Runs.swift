internal import SQLite
internal import Tracking

/// The tables of runs and what belongs to them.
struct RunTables {
    let runs: TableWriter
    let params: TableWriter
    let tags: TableWriter
    let metrics: TableWriter
    let latestMetrics: TableWriter
    let datasets: TableWriter
    let datasetID: Statement
    let inputs: TableWriter
    let inputTags: TableWriter

    init(_ connection: Connection) throws {
        runs = try TableWriter(
            connection,
            "runs",
            [
                "run_uuid", "name", "source_type", "source_name", "entry_point_name", "user_id", "status", "start_time",
                "end_time", "source_version", "lifecycle_stage", "artifact_uri", "experiment_id", "deleted_time",
            ]
        )
        params = try TableWriter(connection, "params", ["run_uuid", "key", "value"])
        tags = try TableWriter(connection, "tags", ["run_uuid", "key", "value"])
        metrics = try TableWriter(
            connection,
            "metrics",
            ["run_uuid", "key", "timestamp", "step", "value", "is_nan"],
            on: .ignore
        )
        latestMetrics = try TableWriter(
            connection,
            "latest_metrics",
            ["run_uuid", "key", "timestamp", "step", "value", "is_nan"],
            suffix: """
                ON CONFLICT (key, run_uuid) DO UPDATE SET
                    timestamp = excluded.timestamp, step = excluded.step, value = excluded.value, is_nan = excluded.is_nan
                WHERE (excluded.step, excluded.timestamp, excluded.value)
                    > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)
                """
        )
        datasets = try TableWriter(
            connection,
            "datasets",
            [
                "dataset_uuid", "experiment_id", "name", "digest", "dataset_source_type", "dataset_source",
                "dataset_schema", "dataset_profile",
            ]
        )
        datasetID = try connection.prepare(
            "SELECT dataset_uuid FROM datasets WHERE experiment_id = ?1 AND name = ?2 AND digest = ?3"
        )
        inputs = try TableWriter(
            connection,
            "inputs",
            ["input_uuid", "source_type", "source_id", "destination_type", "destination_id", "step"],
            on: .ignore
        )
        inputTags = try TableWriter(connection, "input_tags", ["input_uuid", "name", "value"])
    }
}

extension StockWriter {
    func add(_ transferred: TransferredRun) throws {
        let run = transferred.run
        let info = run.info
        let id = ColumnValue.text(info.runID)
        try runs.runs.add(
            id,
            .text(info.name),
            "UNKNOWN",
            "",
            "",
            .text(info.userID),
            .text(info.status.wireName),
            .integer(info.startTime),
            ColumnValue(info.endTime),
            "",
            .text(info.lifecycleStage.wireName),
            .text(info.artifactURI),
            .integer(transferred.home.id),
            ColumnValue(transferred.deletedTime)
        )
        for param in run.params { try runs.params.add(id, .text(param.key), .text(param.value)) }
        for tag in run.tags { try runs.tags.add(id, .text(tag.key), .text(tag.value)) }
        for input in run.datasetInputs {
            let inputID = ColumnValue.text(newID())
            let dataset = try datasetID(input.dataset, ofExperiment: transferred.home.id)
            try runs.inputs.add(inputID, "DATASET", .text(dataset), "RUN", id, 0)
            for tag in input.tags { try runs.inputTags.add(inputID, .text(tag.key), .text(tag.value)) }
        }
        for input in run.modelInputs {
            try runs.inputs.add(.text(newID()), "RUN_INPUT", id, "MODEL_INPUT", .text(input.modelID), 0)
        }
        for output in run.modelOutputs {
            let step = ColumnValue.integer(output.step)
            try runs.inputs.add(.text(newID()), "RUN_OUTPUT", id, "MODEL_OUTPUT", .text(output.modelID), step)
        }
    }

    /// Stores the dataset, if it is new in the experiment, and returns its id.
    private func datasetID(_ dataset: Dataset, ofExperiment experiment: Int64) throws -> String {
        try runs.datasetID.bind(experiment, at: 1)
        try runs.datasetID.bind(dataset.name, at: 2)
        try runs.datasetID.bind(dataset.digest, at: 3)
        if let known = try runs.datasetID.firstRow({ $0.string(0) }) { return known }
        let id = newID()
        try runs.datasets.add(
            .text(id),
            .integer(experiment),
            .text(dataset.name),
            .text(dataset.digest),
            .text(dataset.sourceType),
            .text(dataset.source),
            ColumnValue(dataset.schema),
            ColumnValue(dataset.profile)
        )
        return id
    }

    func add(_ points: TransferredPoints) throws {
        let (runID, key) = (ColumnValue.text(points.runID), ColumnValue.text(points.key))
        if latest?.runID != points.runID || latest?.key.isExactly(points.key) != true { try storeLatest() }
        for point in points.points {
            try runs.metrics.add(
                runID,
                key,
                .integer(point.timestamp),
                .integer(point.step),
                .real(point.value),
                .integer(point.isNaN ? 1 : 0)
            )
            if let latest, !point.supersedes(latest.point) { continue }
            latest = (points.runID, points.key, point)
        }
    }

    /// Stores the latest point of the metric that came last, if it is not stored.
    func storeLatest() throws {
        guard let (runID, key, point) = latest else { return }
        latest = nil
        try runs.latestMetrics.add(
            .text(runID),
            .text(key),
            .integer(point.timestamp),
            .integer(point.step),
            .real(point.value),
            .integer(point.isNaN ? 1 : 0)
        )
    }

    /// An id in the form of those that MLflow draws for datasets and inputs, which no client ever sees.
    private func newID() -> String {
        let digits = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }
        return digits.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
    }
}
