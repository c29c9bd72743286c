import Tracking

/// What is in both stores before clients with random rights come: three experiments, each with a run and a logged model, two
/// registered models and a prompt.
enum RightsWorld {
    static let experiments: [Int64] = [0, 1, 2]
    static let models = ["a", "b", "p"]

    static func run(_ experiment: Int64) -> String { "RUN\(experiment)" }

    static func model(_ experiment: Int64) -> String { "MODEL\(experiment)" }

    static func make(in stores: SameWrites) throws {
        for experiment in experiments {
            if experiment > 0 {
                _ = stores.write { session, _ in
                    "\(try session.createExperiment(name: "x\(experiment)", artifactLocation: nil, tags: []))"
                }
            }
            try stores.remember(run(experiment)) { session, _ in
                let new = NewRun(
                    experimentID: experiment,
                    userID: "",
                    name: "r\(experiment)",
                    startTime: experiment,
                    tags: []
                )
                return try session.createRun(new).info.runID
            }
            try stores.remember(model(experiment)) { session, id in
                let new = NewLoggedModel(
                    experimentID: experiment,
                    name: "m\(experiment)",
                    modelType: "",
                    sourceRunID: id(run(experiment)),
                    params: [],
                    tags: [Tag(key: "t", value: "1")]
                )
                return try session.createLoggedModel(new).info.modelID
            }
            _ = stores.write { session, id in
                let points = (0..<3).map { Metric(key: "acc", value: Double($0), timestamp: $0, step: $0) }
                try session.log(LogBatch(metrics: points), runID: id(run(experiment)))
                let data = Dataset(name: "d\(experiment)", digest: "1", sourceType: "s", source: "s")
                let inputs = [DatasetInput(dataset: data, tags: [])]
                try session.logInputs(datasets: inputs, models: [], runID: id(run(experiment)))
                return ""
            }
        }
        mend(stores)
    }

    /// Brings back what clients have deleted.
    static func mend(_ stores: SameWrites) {
        for experiment in experiments {
            _ = stores.write { session, _ in
                try session.restoreExperiment(experiment)
                return ""
            }
            _ = stores.write { session, id in
                try session.restoreRun(id(run(experiment)))
                return ""
            }
        }
        for name in models {
            let tags = name == "p" ? [Tag.promptMark] : []
            _ = stores.write { session, _ in
                "\(try session.createRegisteredModel(name: name, description: "", tags: tags))"
            }
            _ = stores.write { session, _ in
                let source = name == "p" ? "dummy-source" : "s3://b/x"
                let new = NewModelVersion(
                    name: name,
                    source: source,
                    runID: nil,
                    modelID: nil,
                    runLink: "",
                    description: "",
                    tags: tags
                )
                let made = try session.createModelVersion(new, workingDirectory: "/")
                let key = try ModelVersionKey(name: name, version: String(made.version))
                try session.setModelAlias("best", version: key)
                return ""
            }
        }
    }
}
