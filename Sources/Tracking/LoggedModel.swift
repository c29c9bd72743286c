/// The identity and the state of a logged model.
package struct LoggedModelInfo: Sendable, Equatable {
    /// The id; `m-` and 32 lower-case hexadecimal digits if Apus has generated it.
    package var modelID: String
    package var experimentID: Int64
    package var name: String
    package var artifactURI: String
    package var status: LoggedModelStatus
    /// The description of an error; nil without an error.
    package var statusMessage: String?
    /// Empty if the client sent no type.
    package var modelType: String
    /// The id of a run, which may not exist; empty if the client sent no run id.
    package var sourceRunID: String
    /// Unix milliseconds.
    package var creationTime: Int64
    /// Unix milliseconds.
    ///
    /// As in MLflow, only a change of the status or of the lifecycle stage updates this time.
    package var lastUpdatedTime: Int64
    package var lifecycleStage: LifecycleStage

    package init(
        modelID: String,
        experimentID: Int64,
        name: String,
        artifactURI: String,
        status: LoggedModelStatus,
        statusMessage: String?,
        modelType: String,
        sourceRunID: String,
        creationTime: Int64,
        lastUpdatedTime: Int64,
        lifecycleStage: LifecycleStage
    ) {
        self.modelID = modelID
        self.experimentID = experimentID
        self.name = name
        self.artifactURI = artifactURI
        self.status = status
        self.statusMessage = statusMessage
        self.modelType = modelType
        self.sourceRunID = sourceRunID
        self.creationTime = creationTime
        self.lastUpdatedTime = lastUpdatedTime
        self.lifecycleStage = lifecycleStage
    }
}

/// A logged model with everything that the `logged-models` endpoints return.
package struct LoggedModel: Sendable, Equatable {
    package var info: LoggedModelInfo
    package var params: [Param] = []
    package var tags: [Tag] = []
    /// All points, in ascending order of the key's id in the database, timestamp and step.
    package var metrics: [ModelMetric] = []

    package init(info: LoggedModelInfo) { self.info = info }
}

/// A metric point that was logged for a model; it belongs to a run and, optionally, to a dataset.
package struct ModelMetric: Sendable, Equatable {
    /// The point; its value is finite if it was read from the database.
    package var metric: Metric
    package var modelID: String
    package var runID: String
    package var dataset: MetricDataset?

    package init(metric: Metric, modelID: String, runID: String, dataset: MetricDataset?) {
        self.metric = metric
        self.modelID = modelID
        self.runID = runID
        self.dataset = dataset
    }
}

/// The dataset on which a metric was measured; neither text is empty.
package struct MetricDataset: Sendable, Hashable {
    package var name: String
    package var digest: String

    package init(name: String, digest: String) {
        self.name = name
        self.digest = digest
    }
}

/// The state of a logged model (`LoggedModelStatus` in MLflow's `service.proto`).
package enum LoggedModelStatus: Int64, WireEnumeration {
    case unspecified = 0
    case pending = 1
    case ready = 2
    case failed = 3

    /// The name in JSON.
    package var wireName: String {
        switch self {
        case .unspecified: "LOGGED_MODEL_STATUS_UNSPECIFIED"
        case .pending: "LOGGED_MODEL_PENDING"
        case .ready: "LOGGED_MODEL_READY"
        case .failed: "LOGGED_MODEL_UPLOAD_FAILED"
        }
    }

    /// The name that filters and the Python client use.
    package var filterName: String {
        switch self {
        case .unspecified: "UNSPECIFIED"
        case .pending: "PENDING"
        case .ready: "READY"
        case .failed: "FAILED"
        }
    }

    /// The number in `service.proto`; the database stores it too.
    package var wireNumber: Int64 { rawValue }
}

/// Throws `.invalidParameterValue` if MLflow does not allow the name (`_validate_logged_model_name` in `validation.py`).
///
/// An empty name is allowed: the server then generates a name.
package func validateLoggedModelName(_ name: String) throws(TrackingError) {
    guard !name.utf8.contains(where: "/:.%\"'".utf8.contains) else {
        throw .invalidParameter(
            "Invalid model name (\(pythonLiteral(shortened(name)))) provided. Model name must be a non-empty string and cannot contain "
                + "the following characters: ('/', ':', '.', '%', '\"', \"'\")"
        )
    }
}
