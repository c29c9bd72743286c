import TestSupport
import Tracking

/// Reads of all kinds at random, of what `RightsWorld` has made and of what is not there.
struct RandomQuestions {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    private mutating func one<Element>(of elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }

    /// A question, and what it is for messages.
    mutating func next() -> (String, SameWrites.Question) {
        let experiment = one(of: RightsWorld.experiments + [99])
        let (run, model) = (RightsWorld.run(experiment), RightsWorld.model(experiment))
        let (name, number) = (one(of: RightsWorld.models + ["c", "gone"]), one(of: ["1", "2", "77"]))
        let limit = one(of: [2, 3, 100])
        let kind = Int.random(in: 0..<5, using: &generator)
        let question =
            switch kind {
            case 0: aboutExperiment(experiment)
            case 1: aboutMetrics(run, limit)
            case 2: aboutRunOrModel(run, model)
            case 3: aboutRegistry(name, number)
            default: search(limit)
            }
        return ("\(question.0) \(experiment) \(name) \(number) \(limit)", question.1)
    }

    private mutating func aboutExperiment(_ id: Int64) -> (String, SameWrites.Question) {
        let name = one(of: ["Default", "x1", "x2", "e0", "gone"])
        let ids = one(of: [[id], RightsWorld.experiments, [0, 99, 2]])
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: return ("experiment", { session, _ in "\(try session.experiment(id: id))" })
        case 1: return ("experiment \(name)", { session, _ in "\(try session.experiment(named: name))" })
        default:
            return (
                "datasets \(ids)",
                { session, _ in
                    let found = try session.datasetSummaries(experimentIDs: ids)
                    return "\(found.map { "\($0)" }.sorted())"
                }
            )
        }
    }

    private mutating func aboutMetrics(_ run: String, _ limit: Int) -> (String, SameWrites.Question) {
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
            return (
                "history",
                { session, id in
                    let history = MetricHistory(runID: id(run), key: "acc")
                    return "\(try session.metricHistory(history, pageToken: nil, limit: limit).points)"
                }
            )
        case 1:
            return (
                "histories",
                { session, id in
                    "\(try session.metricHistories(key: "acc", runIDs: [id(run), "unknown"], limit: limit))"
                }
            )
        case 2:
            return (
                "sample",
                { session, id in
                    let history = MetricHistory(runID: id(run), key: "acc")
                    return "\(try session.sampleMetric(history, steps: nil, maxResults: limit))"
                }
            )
        case 3:
            return (
                "curve",
                { session, id in
                    let request = CurveRequest(axis: .step, maximumPoints: 100, maximumPointsRead: 100)
                    let history = MetricHistory(runID: id(run), key: "acc")
                    return "\(String(describing: try session.curve(of: history, request, after: nil)?.points))"
                }
            )
        default:
            return (
                "extremes",
                { session, id in
                    let found = try session.metricExtremes(runID: id(run))
                    return "\(found.map { "\($0)" }.sorted())"
                }
            )
        }
    }

    private mutating func aboutRunOrModel(_ run: String, _ model: String) -> (String, SameWrites.Question) {
        let allowsDeleted = one(of: [true, false])
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
            return (
                "run",
                { session, id in
                    let found = try session.run(id: id(run))
                    return "\(found.info) \(found.tags.map { "\($0)" }.sorted()) \(found.modelInputs.count)"
                }
            )
        case 1: return ("run info", { session, id in "\(try session.runInfo(id: id(run)))" })
        case 2: return ("location", { session, id in try session.resolvedRunLocation("runs:/\(id(run))/x") })
        case 3:
            return (
                "model",
                { session, id in
                    let found = try session.loggedModel(id: id(model), allowsDeleted: allowsDeleted)
                    return "\(found.info) \(found.tags.map { "\($0)" }.sorted())"
                }
            )
        default:
            return ("model info", { session, id in "\(try session.loggedModelInfo(id: id(model)))" })
        }
    }

    private mutating func aboutRegistry(_ name: String, _ number: String) -> (String, SameWrites.Question) {
        let alias = one(of: ["best", "latest", "gone"])
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return ("registered", { session, _ in "\(try session.registeredModel(named: name))" })
        case 1: return ("latest", { session, _ in "\(try session.latestVersions(ofModel: name))" })
        case 2:
            return (
                "version",
                { session, _ in "\(try session.modelVersion(try ModelVersionKey(name: name, version: number)))" }
            )
        case 3: return ("alias \(alias)", { session, _ in "\(try session.modelVersion(named: name, alias: alias))" })
        default:
            return (
                "place",
                { session, _ in try session.modelVersionLocation(try ModelVersionKey(name: name, version: number)) }
            )
        }
    }

    private mutating func search(_ limit: Int) -> (String, SameWrites.Question) {
        let ids = one(of: [[0], [2, 1, 99], RightsWorld.experiments])
        let runs = RunSearch(
            experimentIDs: ids,
            viewType: .all,
            filter: [],
            orderings: [],
            maxResults: limit,
            pageToken: nil
        )
        let registry = RegistrySearch(filter: [], orderings: [], maxResults: 100, pageToken: nil)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0:
            return (
                "runs \(ids)",
                { session, _ in
                    let page = try session.findRuns(runs)
                    return "\(try page.whole(in: session).map(\.info.name)) \(page.nextPageToken != nil)"
                }
            )
        case 1:
            return (
                "table \(ids)",
                { session, _ in
                    let page = try session.findRunTable(runs, columns: [.metric("acc", .maximum)])
                    return "\(try page.whole(in: session).map { "\($0.name) \($0.values)" })"
                }
            )
        case 2:
            return (
                "columns \(ids)",
                { session, _ in
                    let columns = try session.describeRunColumns(runs, valueLimit: 1_000)
                    return "\(columns.runCount) \(columns.hasMoreRuns) \(columns.metrics)"
                }
            )
        case 3:
            return (
                "experiments",
                { session, _ in
                    let search = ExperimentSearch(
                        viewType: .all,
                        filter: [],
                        orderings: [],
                        maxResults: 100,
                        pageToken: nil
                    )
                    return "\(try session.findExperiments(search).whole(in: session).map(\.name).sorted())"
                }
            )
        case 4:
            return (
                "registered models",
                { session, _ in "\(try session.findRegisteredModels(registry).whole(in: session))" }
            )
        default:
            return (
                "versions",
                { session, _ in
                    let found = try session.findModelVersions(registry).whole(in: session)
                    return "\(found.map { "\($0.name) \($0.version)" }.sorted())"
                }
            )
        }
    }
}
