internal import Filter
package import GraphQL
package import Tracking

/// A run, whose experiment and model versions are looked up only if a query asks for them.
struct RunObject: GraphQLObject {
    let run: Run
    let session: any TrackingReading
    /// The model versions of this run and of the runs that were read together with it.
    let modelVersions: ModelVersionsOfRuns

    var typeName: String { "MlflowRunExtension" }

    func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "info": .object(run.info)
        case "data": .object(RunDataObject(run: run))
        case "inputs": .object(RunInputsObject(run: run))
        case "outputs": .object(RunOutputsObject(models: run.modelOutputs))
        case "experiment": .object(try session.experiment(id: run.info.experimentID))
        case "modelVersions":
            .objects { [modelVersions, run, session] write in
                for version in try modelVersions.versions(ofRun: run.info.runID, in: session) { try write(version) }
            }
        default: throw unknownField(field)
        }
    }
}

/// The model versions that were created from some runs.
///
/// The first request for a run's versions finds those of all runs.
final class ModelVersionsOfRuns {
    private let runIDs: [String]
    private var found: [String: [ModelVersion]]?

    init(_ runIDs: [String]) { self.runIDs = runIDs }

    func versions(ofRun runID: String, in session: any TrackingReading) throws -> [ModelVersion] {
        let versions = try found ?? search(in: session)
        found = versions
        return versions[runID] ?? []
    }

    private func search(in session: any TrackingReading) throws -> [String: [ModelVersion]] {
        let comparison = Comparison(entity: .attribute, key: "run_id", comparisonOperator: .isIn, value: .list(runIDs))
        let search = RegistrySearch(filter: [comparison], orderings: [], maxResults: 200_000, pageToken: nil)
        var versions: [String: [ModelVersion]] = [:]
        try session.findModelVersions(search).forEach(in: session) { versions[$0.runID, default: []].append($0) }
        return versions
    }
}

extension RunInfo: GraphQLObject {
    package var typeName: String { "MlflowRunInfo" }

    package func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "runId", "runUuid": .text(runID)
        case "runName": .text(name)
        case "experimentId": .text(String(experimentID))
        case "userId": .text(userID)
        case "status": .text(status.wireName)
        case "startTime": GraphQLOutput(long: startTime)
        case "endTime": GraphQLOutput(long: endTime ?? 0)
        case "artifactUri": .text(artifactURI)
        case "lifecycleStage": .text(lifecycleStage.wireName)
        default: throw unknownField(field)
        }
    }
}

private struct RunDataObject: GraphQLObject {
    let run: Run

    var typeName: String { "MlflowRunData" }

    func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "metrics": .list(run.metrics)
        case "params": .list(run.params.lazy.map { PairObject("MlflowParam", $0.key, $0.value) })
        case "tags": .tags(run.tags, "MlflowRunTag")
        default: throw unknownField(field)
        }
    }
}

private struct RunInputsObject: GraphQLObject {
    let run: Run

    var typeName: String { "MlflowRunInputs" }

    func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "datasetInputs": .list(run.datasetInputs)
        case "modelInputs": .list(run.modelInputs)
        default: throw unknownField(field)
        }
    }
}

private struct RunOutputsObject: GraphQLObject {
    let models: [ModelOutput]

    var typeName: String { "MlflowRunOutputs" }

    func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "modelOutputs": .list(models)
        default: throw unknownField(field)
        }
    }
}

/// A param or a tag of any entity.
struct PairObject: GraphQLObject {
    let typeName: String
    private let key: String
    private let value: String

    init(_ typeName: String, _ key: String, _ value: String) {
        self.typeName = typeName
        self.key = key
        self.value = value
    }

    func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "key": .text(key)
        case "value": .text(value)
        default: throw unknownField(field)
        }
    }
}

extension GraphQLOutput {
    static func list(_ objects: some Sequence<some GraphQLObject>) -> GraphQLOutput {
        .objects { write in for object in objects { try write(object) } }
    }

    static func tags(_ tags: [Tag], _ typeName: String) -> GraphQLOutput {
        .list(tags.lazy.map { PairObject(typeName, $0.key, $0.value) })
    }
}
