internal import Tracking

/// The writers of the tables of runs, and of the data that belongs to runs.
struct RunTables {
    let runs: any TableWriter
    let params: any TableWriter
    let tags: any TableWriter
    let metrics: any TableWriter
    let latestMetrics: any TableWriter
    let datasets: any TableWriter
    let inputs: any TableWriter
    let inputTags: any TableWriter

    init(_ target: any DatabaseTarget) throws {
        runs = try target.writer(
            of: "runs",
            [
                "run_uuid", "name", "source_type", "source_name", "entry_point_name", "user_id", "status", "start_time",
                "end_time", "source_version", "lifecycle_stage", "artifact_uri", "experiment_id", "deleted_time",
            ],
            on: .fail
        )
        params = try target.writer(of: "params", ["run_uuid", "key", "value"], on: .fail)
        tags = try target.writer(of: "tags", ["run_uuid", "key", "value"], on: .fail)
        metrics = try target.writer(
            of: "metrics",
            ["run_uuid", "key", "timestamp", "step", "value", "is_nan"],
            on: .keepExisting(key: ["key", "timestamp", "step", "run_uuid", "value", "is_nan"])
        )
        latestMetrics = try target.writer(
            of: "latest_metrics",
            ["run_uuid", "key", "timestamp", "step", "value", "is_nan"],
            on: .keepGreatest(key: ["key", "run_uuid"], by: ["step", "timestamp", "value"])
        )
        datasets = try target.writer(
            of: "datasets",
            [
                "dataset_uuid", "experiment_id", "name", "digest", "dataset_source_type", "dataset_source",
                "dataset_schema", "dataset_profile",
            ],
            on: .fail
        )
        inputs = try target.writer(
            of: "inputs",
            ["input_uuid", "source_type", "source_id", "destination_type", "destination_id", "step"],
            on: .keepExisting(key: ["source_type", "source_id", "destination_type", "destination_id"])
        )
        inputTags = try target.writer(of: "input_tags", ["input_uuid", "name", "value"], on: .fail)
    }
}

extension MLflowDatabaseWriter {
    func add(_ transferred: TransferredRun) throws {
        let run = transferred.run
        let info = run.info
        let id = ColumnValue.text(info.runID)
        let subject = "run \(info.runID)"
        let experiment = newID(ofExperiment: transferred.experiment.id)
        guard !isLeftOut(.experiment(transferred.experiment.id)) else {
            leaveOut(.run(info.runID))
            return try report(subject, "its experiment is left out")
        }
        let isStored = try adding(subject) {
            try runs.runs.add([
                id, .text(info.name), "UNKNOWN", "", "", .text(info.userID), .text(info.status.wireName),
                .integer(info.startTime), ColumnValue(info.endTime), "", .text(info.lifecycleStage.wireName),
                .text(info.artifactURI), .integer(experiment), ColumnValue(transferred.deletedTime),
            ])
        }
        guard isStored else { return leaveOut(.run(info.runID)) }
        for param in run.params {
            try adding("\(subject), param '\(shortened(param.key))'") {
                try runs.params.add([id, .text(param.key), .text(param.value)])
            }
        }
        for tag in run.tags {
            try adding("\(subject), tag '\(shortened(tag.key))'") {
                try runs.tags.add([id, .text(tag.key), .text(tag.value)])
            }
        }
        for input in run.datasetInputs {
            try adding("\(subject), dataset '\(shortened(input.dataset.name))'") {
                let inputID = ColumnValue.text(randomID())
                let dataset = try datasetID(input.dataset, ofExperiment: experiment)
                try runs.inputs.add([inputID, "DATASET", .text(dataset), "RUN", id, 0])
                for tag in input.tags { try runs.inputTags.add([inputID, .text(tag.key), .text(tag.value)]) }
            }
        }
        // MLflow's table names the run as the source, also for its inputs.
        for input in run.modelInputs {
            try runs.inputs.add([.text(randomID()), "RUN_INPUT", id, "MODEL_INPUT", .text(input.modelID), 0])
        }
        for output in run.modelOutputs {
            let step = ColumnValue.integer(output.step)
            try runs.inputs.add([.text(randomID()), "RUN_OUTPUT", id, "MODEL_OUTPUT", .text(output.modelID), step])
        }
    }

    /// Stores the dataset, if it is new in the experiment, and returns its id.
    private func datasetID(_ dataset: Dataset, ofExperiment experiment: Int64) throws -> String {
        let known = try target.lookup(
            "SELECT dataset_uuid FROM datasets WHERE experiment_id = ?1 AND name = ?2 AND digest = ?3",
            in: "datasets",
            [.integer(experiment), .text(dataset.name), .text(dataset.digest)]
        ) { try $0.text(0) }
        if let known { return known }
        let id = randomID()
        try runs.datasets.add([
            .text(id), .integer(experiment), .text(dataset.name), .text(dataset.digest), .text(dataset.sourceType),
            .text(dataset.source), ColumnValue(dataset.schema), ColumnValue(dataset.profile),
        ])
        return id
    }

    func add(_ points: TransferredPoints) throws {
        guard !isLeftOut(.run(points.runID)) else { return }
        let (runID, key) = (ColumnValue.text(points.runID), ColumnValue.text(points.key))
        if latest?.runID != points.runID || latest?.key.isExactly(points.key) != true { try storeLatest() }
        for point in points.points {
            try runs.metrics.add([
                runID, key, .integer(point.timestamp), .integer(point.step), .real(point.value),
                .integer(point.isNaN ? 1 : 0),
            ])
            if let latest, !point.supersedes(latest.point) { continue }
            latest = (points.runID, points.key, point)
        }
    }

    /// Stores the latest point of the metric whose points were added last; does nothing if it is stored already.
    func storeLatest() throws {
        guard let (runID, key, point) = latest else { return }
        latest = nil
        try runs.latestMetrics.add([
            .text(runID), .text(key), .integer(point.timestamp), .integer(point.step), .real(point.value),
            .integer(point.isNaN ? 1 : 0),
        ])
    }

    /// A random id in the form that MLflow uses for datasets and inputs; clients never see these ids.
    private func randomID() -> String {
        let halves = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }
        return halves.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
    }
}
