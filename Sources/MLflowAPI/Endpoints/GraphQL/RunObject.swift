internal import Filter
package import GraphQL
package import Tracking
internal import TrackingStore

/// A run whose further data are looked up only when a query asks for them.
struct RunObject: GraphQLObject {
    let run: Run
    let session: ReadSession

    var typeName: String { "MlflowRunExtension" }

    func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "info": .object(run.info)
        case "data": .object(RunDataObject(run: run))
        case "inputs": .object(RunInputsObject(run: run))
        case "outputs": .object(RunOutputsObject(models: run.modelOutputs))
        case "experiment": .object(try session.experiment(id: run.info.experimentID))
        case "modelVersions": .objects { [self] in try forEachModelVersion($0) }
        default: throw unknownField(field)
        }
    }

    private func forEachModelVersion(_ write: (any GraphQLObject) throws -> Void) throws {
        let ofRun = Comparison(
            entity: .attribute,
            key: "run_id",
            comparisonOperator: .equal,
            value: .text(run.info.runID)
        )
        let search = RegistrySearch(filter: [ofRun], orderings: [], maxResults: 200_000, pageToken: nil)
        try session.findModelVersions(search).forEach(in: session) { try write($0) }
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

/// A key and a value: params and tags of every kind.
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
    static func list(_ objects: some Sequence<any GraphQLObject>) -> GraphQLOutput {
        .objects { write in for object in objects { try write(object) } }
    }

    static func list(_ objects: some Sequence<some GraphQLObject>) -> GraphQLOutput {
        .objects { write in for object in objects { try write(object) } }
    }

    static func tags(_ tags: [Tag], _ typeName: String) -> GraphQLOutput {
        .list(tags.lazy.map { PairObject(typeName, $0.key, $0.value) })
    }
}
