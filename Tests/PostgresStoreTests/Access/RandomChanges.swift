import TestSupport
import Tracking

/// Changes of all kinds at random, of what `RightsWorld` has made and of what is not there.
struct RandomChanges {
    private var generator: SeededGenerator
    /// Makes the start times and names of what is added differ.
    private var number: Int64 = 10

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    private mutating func one<Element>(of elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }

    /// A change, and what it is for messages.
    mutating func next() -> (String, SameWrites.Request) {
        number += 1
        let experiment = one(of: RightsWorld.experiments + [99])
        let (run, model) = (RightsWorld.run(experiment), RightsWorld.model(one(of: RightsWorld.experiments + [99])))
        let (name, other) = (one(of: RightsWorld.models + ["c"]), one(of: ["a", "c", "*"]))
        let version = one(of: ["1", "2", "77"])
        let (what, request) =
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: experiments(experiment)
            case 1: runs(experiment, run)
            case 2: logging(run, model)
            case 3: loggedModels(experiment, model)
            case 4: registeredModels(name, other)
            default: versions(name, version, run, model)
            }
        return ("\(what) \(experiment) \(model) \(name) \(other) \(version)", request)
    }

    private mutating func experiments(_ id: Int64) -> (String, SameWrites.Request) {
        let name = "e\(number % 4)"
        let location = one(of: [nil, nil, "/data/x", "s3://served/x", "s3://elsewhere/x"])
        switch Int.random(in: 0..<7, using: &generator) {
        case 0:
            return (
                "create \(name) \(location ?? "")",
                { session, _ in "\(try session.createExperiment(name: name, artifactLocation: location, tags: []))" }
            )
        case 1: return ("rename", Self.silent { session, _ in try session.renameExperiment(id, to: "x\(id)") })
        case 2: return ("delete", Self.silent { session, _ in try session.deleteExperiment(id) })
        case 3: return ("restore", Self.silent { session, _ in try session.restoreExperiment(id) })
        case 4:
            let tag = Tag(key: "t", value: "\(number)")
            return ("tag", Self.silent { session, _ in try session.setExperimentTag(tag, experimentID: id) })
        case 5:
            return ("untag", Self.silent { session, _ in try session.deleteExperimentTag(key: "t", experimentID: id) })
        default: return ("stands", { session, _ in "\(try session.canReturnAgain(.experiment(id)))" })
        }
    }

    private mutating func runs(_ experiment: Int64, _ run: String) -> (String, SameWrites.Request) {
        let new = NewRun(experimentID: experiment, userID: "", name: "r\(number)", startTime: number, tags: [])
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return ("create run", { session, _ in "\(try session.createRun(new).info.name)" })
        case 1:
            return (
                "update run",
                { session, id in "\(try session.updateRun(id(run), status: .finished, endTime: 7, name: "new"))" }
            )
        case 2: return ("delete run", Self.silent { session, id in try session.deleteRun(id(run)) })
        case 3: return ("restore run", Self.silent { session, id in try session.restoreRun(id(run)) })
        default:
            return (
                "run stands",
                { session, id in
                    let info = RunInfo(
                        runID: id(run),
                        name: "",
                        experimentID: experiment,
                        userID: "",
                        status: .running,
                        startTime: 0,
                        endTime: nil,
                        artifactURI: "",
                        lifecycleStage: .active
                    )
                    return "\(try session.canReturnAgain(.run(info)))"
                }
            )
        }
    }

    private mutating func logging(_ run: String, _ model: String) -> (String, SameWrites.Request) {
        let metric = Metric(key: "acc", value: 1, timestamp: number, step: number)
        let (param, tag) = (Param(key: "p", value: one(of: ["1", "2"])), Tag(key: "t", value: "\(number)"))
        let namesModel = Bool.random(using: &generator)
        @Sendable func points(_ id: (String) -> String) -> [ModelMetric] {
            namesModel ? [ModelMetric(metric: metric, modelID: id(model), runID: id(run), dataset: nil)] : []
        }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0:
            return (
                "log \(param.value) \(namesModel)",
                Self.silent { session, id in
                    let batch = LogBatch(metrics: [metric], modelMetrics: points(id), params: [param], tags: [tag])
                    try session.log(batch, runID: id(run))
                }
            )
        case 1:
            return (
                "log metrics \(namesModel)",
                Self.silent { session, id in
                    try session.logMetrics([metric], modelMetrics: points(id), runID: id(run))
                }
            )
        case 2:
            return (
                "log param \(param.value)", Self.silent { session, id in try session.logParam(param, runID: id(run)) }
            )
        case 3: return ("set tag", Self.silent { session, id in try session.setTag(tag, runID: id(run)) })
        case 4: return ("delete tag", Self.silent { session, id in try session.deleteTag(key: "t", runID: id(run)) })
        case 5:
            return (
                "append model",
                Self.silent { session, id in try session.appendLoggedModel("{}", runID: id(run)) }
            )
        case 6:
            let data = DatasetInput(
                dataset: Dataset(name: "d", digest: "1", sourceType: "s", source: "s"),
                tags: []
            )
            return (
                "log inputs",
                Self.silent { session, id in
                    let models = [ModelInput(modelID: id(model))]
                    try session.logInputs(datasets: [data], models: models, runID: id(run))
                }
            )
        default:
            return (
                "log outputs",
                Self.silent { session, id in
                    try session.logOutputs(models: [ModelOutput(modelID: id(model), step: 1)], runID: id(run))
                }
            )
        }
    }

    private mutating func loggedModels(_ experiment: Int64, _ model: String) -> (String, SameWrites.Request) {
        let (param, tag) = (Param(key: "p\(number % 3)", value: "1"), Tag(key: "t", value: "\(number)"))
        let new = NewLoggedModel(
            experimentID: experiment,
            name: "m\(number)",
            modelType: "",
            sourceRunID: "",
            params: [],
            tags: []
        )
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: return ("create model", { session, _ in "\(try session.createLoggedModel(new).info.name)" })
        case 1:
            return (
                "finalize",
                { session, id in "\(try session.finalizeLoggedModel(id(model), status: .ready).info)" }
            )
        case 2: return ("delete model", Self.silent { session, id in try session.deleteLoggedModel(id(model)) })
        case 3:
            return (
                "log model params",
                Self.silent { session, id in try session.logLoggedModelParams([param], modelID: id(model)) }
            )
        case 4:
            return (
                "tag model",
                Self.silent { session, id in try session.setLoggedModelTags([tag], modelID: id(model)) }
            )
        default:
            return (
                "untag model",
                Self.silent { session, id in try session.deleteLoggedModelTag(key: "t", modelID: id(model)) }
            )
        }
    }

    private mutating func registeredModels(_ name: String, _ other: String) -> (String, SameWrites.Request) {
        let tag = one(of: [Tag(key: "t", value: "\(number)"), Tag.promptMark, Tag(key: Tag.isPromptKey, value: "no")])
        let tags = one(of: [[], [Tag.promptMark]])
        switch Int.random(in: 0..<7, using: &generator) {
        case 0:
            return (
                "register \(tags)",
                { session, _ in "\(try session.createRegisteredModel(name: name, description: "", tags: tags))" }
            )
        case 1: return ("describe", { session, _ in "\(try session.updateRegisteredModel(name, description: "d"))" })
        case 2: return ("rename", { session, _ in "\(try session.renameRegisteredModel(name, to: other))" })
        case 3: return ("delete", Self.silent { session, _ in try session.deleteRegisteredModel(name) })
        case 4: return ("tag \(tag)", Self.silent { session, _ in try session.setRegisteredModelTag(tag, model: name) })
        case 5:
            return (
                "untag \(tag.key)",
                Self.silent { session, _ in try session.deleteRegisteredModelTag(key: tag.key, model: name) }
            )
        default:
            return (
                "model stands",
                { session, _ in
                    var model = RegisteredModel(name: name, creationTime: 0, lastUpdatedTime: 0, description: "")
                    model.tags = tags
                    return "\(try session.canReturnAgain(.registeredModel(model)))"
                }
            )
        }
    }

    private mutating func versions(
        _ name: String,
        _ number: String,
        _ run: String,
        _ model: String
    ) -> (String, SameWrites.Request) {
        let tag = one(of: [Tag(key: "t", value: "1"), Tag.promptMark])
        let kind = one(of: ["s3", "run", "model", "registered"])
        let (namesRun, isPrompt) = (Bool.random(using: &generator), name == "p")
        switch Int.random(in: 0..<8, using: &generator) {
        case 0, 1:
            return (
                "add version \(kind) \(namesRun)",
                { session, id in
                    let source =
                        switch kind {
                        case "s3": "s3://b/x"
                        case "run": "runs:/\(id(run))/x"
                        case "model": "models:/\(id(model))"
                        default: "models:/a/1"
                        }
                    let new = NewModelVersion(
                        name: name,
                        source: source,
                        runID: namesRun ? id(run) : nil,
                        modelID: nil,
                        runLink: "",
                        description: "",
                        tags: isPrompt ? [Tag.promptMark] : []
                    )
                    return "\(try session.createModelVersion(new, workingDirectory: "/"))"
                }
            )
        case 2:
            return (
                "move",
                Self.version(name, number) { "\(try $0.moveModelVersion($1, to: .staging, archivesOthers: true))" }
            )
        case 3: return ("describe", Self.version(name, number) { "\(try $0.updateModelVersion($1, description: "d"))" })
        case 4: return ("delete", Self.version(name, number) { "\(try $0.deleteModelVersion($1))" })
        case 5: return ("tag", Self.version(name, number) { "\(try $0.setModelVersionTag(tag, version: $1))" })
        case 6:
            return (
                "untag",
                Self.version(name, number) { "\(try $0.deleteModelVersionTag(key: tag.key, version: $1))" }
            )
        default:
            return Bool.random(using: &generator)
                ? ("alias", Self.version(name, number) { "\(try $0.setModelAlias("best", version: $1))" })
                : ("no alias", Self.silent { session, _ in try session.deleteModelAlias("best", model: name) })
        }
    }

    /// A change that answers nothing.
    private static func silent(
        _ change: @escaping @Sendable (any TrackingWriting, @Sendable (String) -> String) throws -> Void
    ) -> SameWrites.Request {
        { session, id in
            try change(session, id)
            return ""
        }
    }

    private static func version(
        _ name: String,
        _ number: String,
        _ change: @escaping @Sendable (any TrackingWriting, ModelVersionKey) throws -> String
    ) -> SameWrites.Request {
        { session, _ in try change(session, try ModelVersionKey(name: name, version: number)) }
    }
}
