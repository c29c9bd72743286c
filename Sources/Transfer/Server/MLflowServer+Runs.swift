internal import Coding
internal import JSON
internal import Tracking

extension MLflowServer {
    private static let runsPerPage = 50
    private static let pointsPerPage = 10_000

    func readRuns(
        of experiments: [SourceExperiment],
        _ files: ServedFiles,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        guard selection.runs.isEmpty else {
            for id in selection.runs { try readRun(id, of: experiments, files, selection, emit) }
            return
        }
        for experiment in experiments {
            try reporting("runs of experiment \(experiment.id)", emit) {
                for search in Self.searches(since: selection.since) {
                    try forEachPage(of: "runs/search") { writer in
                        writer.memberArray("experiment_ids") { $0.string(String(experiment.id)) }
                        writer.member("run_view_type", "ALL")
                        writer.member("filter", search.filter)
                        writer.member("max_results", Self.runsPerPage)
                        // In this order, runs that begin meanwhile come last, and no other run moves to another page.
                        writer.memberArray("order_by") { $0.string("attributes.start_time ASC") }
                    } body: { page in
                        guard let runs = page["runs"] else { return }
                        for run in runs.elements where search.includesEnded || !Self.hasEnded(run) {
                            let id = run["info"]?["run_id"]?.string ?? "?"
                            try readRun(id, of: [experiment], files, selection, emit)
                        }
                    }
                }
            }
        }
    }

    /// Searches that together find each run that started or ended at `since` or later, or has not ended, exactly once.
    ///
    /// No filter of MLflow finds runs without an end time, so the last search finds all older runs that are not FINISHED.
    private static func searches(since: Int64?) -> [RunSearch] {
        guard let since else { return [RunSearch(filter: "")] }
        let isOlder = "attributes.start_time < \(since)"
        return [
            RunSearch(filter: "attributes.start_time >= \(since)"),
            RunSearch(filter: "\(isOlder) AND attributes.end_time >= \(since)"),
            RunSearch(filter: "\(isOlder) AND attributes.status != 'FINISHED'", includesEnded: false),
        ]
    }

    private static func hasEnded(_ run: JSONValue) -> Bool { run["info"]?["end_time"].map { !$0.isNull } ?? false }

    /// Reads a run, if it belongs to one of the experiments.
    ///
    /// The run is requested by its id, because MLflow's searches leave out the input models of runs.
    private func readRun(
        _ id: String,
        of experiments: [SourceExperiment],
        _ files: ServedFiles,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        try reporting("run \(id)", emit) {
            let root = try client.get("\(Self.route)runs/get?run_id=\(PercentCoding.encode(id))").parsedObject()
            var run = try Run(mlflow: RecordFields(root, "answer").object("run"))
            guard selection.includes(run.info),
                let experiment = experiments.first(where: { $0.id == run.info.experimentID })
            else { return }
            let location = run.info.artifactURI
            run.info.artifactURI = files.movedLocation(location)
            try emit(.record(.run(TransferredRun(run: run, experiment: experiment))))
            for metric in root["run"]?["data"]?["metrics"].map({ Array($0.elements) }) ?? [] {
                guard let key = metric["key"]?.string else { continue }
                try reporting("metric \(key) of run \(id)", emit) { try readPoints(ofRun: id, key, emit) }
            }
            try files.read(.run(id), at: location, emit)
        }
    }

    private func readPoints(ofRun id: String, _ key: String, _ emit: (TransferItem) throws -> Void) throws {
        let query = "run_id=\(PercentCoding.encode(id))&metric_key=\(PercentCoding.encode(key))"
        // Servers before about MLflow 2.10 ignore max_results and send all points at once.
        try forEachPage(of: "metrics/get-history", query: query + "&max_results=\(Self.pointsPerPage)") { page in
            guard let list = page["metrics"] else { return }
            let (points, broken) = RecordFields.points(of: list)
            try TransferItem.emit(points: points, of: key, runID: id, emit)
            if broken > 0 { try emit(.skipped("metric \(key) of run \(id)", "\(broken) points are not understood")) }
        }
    }
}

private struct RunSearch {
    let filter: String
    /// Whether runs in the results that have ended are imported.
    var includesEnded = true
}

extension Run {
    /// Reads a run from an answer of MLflow's API, without points.
    init(mlflow fields: RecordFields) throws(TrackingError) {
        self.init(info: try RunInfo(mlflow: fields.object("info")))
        let data = try fields.object("data")
        params = try data.pairs("params").map { Param(key: $0.key, value: $0.value) }
        tags = try data.pairs("tags")
        // Before MLflow 1.30 the name of a run was only in its tag.
        if info.name.isEmpty { info.name = tags.first { $0.key == Tag.runNameKey }?.value ?? "" }
        if fields.member("inputs") != nil {
            let inputs = try fields.object("inputs")
            for input in try inputs.objects("dataset_inputs") { datasetInputs.append(try DatasetInput(mlflow: input)) }
            for input in try inputs.objects("model_inputs") {
                modelInputs.append(ModelInput(modelID: try input.string("model_id")))
            }
        }
        if fields.member("outputs") != nil {
            for output in try fields.object("outputs").objects("model_outputs") {
                modelOutputs.append(try ModelOutput(mlflow: output))
            }
        }
    }
}
