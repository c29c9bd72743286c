package import GraphQL
package import Tracking

extension Experiment: GraphQLObject {
    package var typeName: String { "MlflowExperiment" }

    package func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "experimentId": .text(String(id))
        case "name": .text(name)
        case "artifactLocation": .text(artifactLocation)
        case "lifecycleStage": .text(lifecycleStage.wireName)
        case "lastUpdateTime": GraphQLOutput(long: lastUpdateTime)
        case "creationTime": GraphQLOutput(long: creationTime)
        case "tags": .tags(tags, "MlflowExperimentTag")
        // This server stores no traces, so there is no retention time.
        case "effectiveTraceArchivalRetention": .text("")
        case "workspace": .text("default")
        default: throw unknownField(field)
        }
    }
}

extension Metric: GraphQLObject {
    package var typeName: String { "MlflowMetricExtension" }

    package func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "key": .text(key)
        case "value": .number(value)
        case "timestamp": GraphQLOutput(long: timestamp)
        case "step": GraphQLOutput(long: step)
        // Only metrics of logged models have these fields.
        case "datasetName", "datasetDigest", "modelId", "runId": .text("")
        default: throw unknownField(field)
        }
    }
}

/// A point of a metric's history, with the id of the run.
struct RunMetricObject: GraphQLObject {
    let runID: String
    let key: String
    let point: MetricPoint

    var typeName: String { "MlflowMetricWithRunId" }

    func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "key": .text(key)
        case "value": .number(point.shownValue)
        case "timestamp": GraphQLOutput(long: point.timestamp)
        case "step": GraphQLOutput(long: point.step)
        case "runId": .text(runID)
        default: throw unknownField(field)
        }
    }
}

extension DatasetInput: GraphQLObject {
    package var typeName: String { "MlflowDatasetInput" }

    package func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "tags": .tags(tags, "MlflowInputTag")
        case "dataset": .object(dataset)
        default: throw unknownField(field)
        }
    }
}

extension Dataset: GraphQLObject {
    package var typeName: String { "MlflowDataset" }

    package func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "name": .text(name)
        case "digest": .text(digest)
        case "sourceType": .text(sourceType)
        case "source": .text(source)
        case "schema": .text(schema ?? "")
        case "profile": .text(profile ?? "")
        default: throw unknownField(field)
        }
    }
}

extension ModelInput: GraphQLObject {
    package var typeName: String { "MlflowModelInput" }

    package func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "modelId": .text(modelID)
        default: throw unknownField(field)
        }
    }
}

extension ModelOutput: GraphQLObject {
    package var typeName: String { "MlflowModelOutput" }

    package func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "modelId": .text(modelID)
        case "step": GraphQLOutput(long: step)
        default: throw unknownField(field)
        }
    }
}

extension ModelVersion: GraphQLObject {
    package var typeName: String { "MlflowModelVersion" }

    package func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case "name": .text(name)
        case "version": .text(String(version))
        case "creationTimestamp": GraphQLOutput(long: creationTime)
        case "lastUpdatedTimestamp": GraphQLOutput(long: lastUpdatedTime)
        case "currentStage": .text(stage.wireName)
        case "description": .text(description ?? "")
        case "source": .text(source)
        case "runId": .text(runID)
        case "status": .text(status.rawValue)
        case "statusMessage": .text(statusMessage ?? "")
        case "tags": .tags(tags, "MlflowModelVersionTag")
        case "runLink": .text(runLink)
        case "aliases": .texts(aliases)
        case "userId", "modelId": .text("")
        default: throw unknownField(field)
        }
    }
}
