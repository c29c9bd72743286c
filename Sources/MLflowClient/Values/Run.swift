internal import JSON

/// Whether a run is scheduled or running, or how it ended.
public struct RunStatus: RawRepresentable, Sendable, Hashable {
    /// The text that the server sends.
    public let rawValue: String

    /// Makes a status from the text that the server sends.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The run has begun and not ended.
    public static let running = RunStatus(rawValue: "RUNNING")
    /// The run has not begun yet.
    public static let scheduled = RunStatus(rawValue: "SCHEDULED")
    /// The run has ended successfully.
    public static let finished = RunStatus(rawValue: "FINISHED")
    /// The run has ended with an error.
    public static let failed = RunStatus(rawValue: "FAILED")
    /// The run was stopped from outside.
    public static let killed = RunStatus(rawValue: "KILLED")

    /// Whether the run has ended.
    public var isTerminated: Bool { self == .finished || self == .failed || self == .killed }
}

/// A run with everything that was logged, except for earlier points of its metrics.
public struct Run: Sendable, Hashable {
    /// Its id, name, times and status.
    public let info: RunInfo
    /// Its metrics, params and tags.
    public let data: RunData
    /// The datasets and models that the run used.
    public let inputs: RunInputs
    /// The models that the run made.
    public let outputs: RunOutputs

    init(_ value: JSONValue) throws(MLflowError) {
        info = try RunInfo(value.object("info"))
        data = try RunData(value["data"])
        inputs = try RunInputs(value["inputs"])
        outputs = try RunOutputs(value["outputs"])
    }
}

/// The id, name, times and status of a run.
public struct RunInfo: Sendable, Hashable {
    /// The id, which the server chooses.
    public let runID: String
    /// The name, which need not be unique.
    public let runName: String
    /// The id of the experiment that the run belongs to.
    public let experimentID: String
    /// The name of the person who runs it.
    public let userID: String
    /// Whether the run is running, or how it ended.
    public let status: RunStatus
    /// The start time in milliseconds since 1970; nil if the server does not say.
    public let startTime: Int64?
    /// The end time in milliseconds since 1970; nil while it runs.
    public let endTime: Int64?
    /// The location of the run's artifacts.
    public let artifactURI: String
    /// Whether the run is active or deleted.
    public let lifecycleStage: LifecycleStage

    init(_ value: JSONValue) throws(MLflowError) {
        // Servers before MLflow 1 send only run_uuid.
        runID = try value.requiredText(value.text("run_id").isEmpty ? "run_uuid" : "run_id")
        runName = value.text("run_name")
        experimentID = value.text("experiment_id")
        userID = value.text("user_id")
        status = RunStatus(rawValue: value.optionalText("status") ?? "RUNNING")
        startTime = value.integer("start_time")
        endTime = value.integer("end_time").flatMap { $0 > 0 ? $0 : nil }
        artifactURI = value.text("artifact_uri")
        lifecycleStage = LifecycleStage(rawValue: value.optionalText("lifecycle_stage") ?? "active")
    }
}

/// The metrics, params and tags of a run.
public struct RunData: Sendable, Hashable {
    /// The latest point of each metric.
    public let metrics: [Metric]
    /// The params, in the server's order.
    public let params: [Param]
    /// The tags, in the server's order.
    public let tags: [Tag]

    init(_ value: JSONValue?) throws(MLflowError) {
        metrics = try value?.list("metrics", Metric.init) ?? []
        params = try value?.list("params", Param.init) ?? []
        tags = try value?.list("tags", Tag.init) ?? []
    }

    /// The latest value of a metric; nil if it was never logged.
    public func metric(_ key: String) -> Double? { metrics.first { $0.key.isSame(as: key) }?.value }

    /// The value of a param; nil if the run does not have it.
    public func param(_ key: String) -> String? { params.first { $0.key.isSame(as: key) }?.value }

    /// The value of a tag; nil if the run does not have it.
    public func tag(_ key: String) -> String? { tags.first { $0.key.isSame(as: key) }?.value }
}

extension String {
    /// Whether both texts have the same bytes.
    ///
    /// Swift's `==` ignores differences of Unicode normalization, which servers do not ignore.
    func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
