internal import JSON

/// What a run does, or how it ended.
public struct RunStatus: RawRepresentable, Sendable, Hashable {
    /// As the server sends it.
    public let rawValue: String

    /// A status by the server's word for it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// It goes on.
    public static let running = RunStatus(rawValue: "RUNNING")
    /// It is about to begin.
    public static let scheduled = RunStatus(rawValue: "SCHEDULED")
    /// It has done its work.
    public static let finished = RunStatus(rawValue: "FINISHED")
    /// It has ended with an error.
    public static let failed = RunStatus(rawValue: "FAILED")
    /// It was ended from outside.
    public static let killed = RunStatus(rawValue: "KILLED")

    /// Whether the run has ended.
    public var isTerminated: Bool { self == .finished || self == .failed || self == .killed }
}

/// A run with everything that was logged, except the histories of its metrics.
public struct Run: Sendable, Hashable {
    /// Its id, name, times and status.
    public let info: RunInfo
    /// Its metrics, params and tags.
    public let data: RunData
    /// What it was made from.
    public let inputs: RunInputs
    /// What it made.
    public let outputs: RunOutputs

    init(_ value: JSONValue) throws(MLflowError) {
        info = try RunInfo(value.object("info"))
        data = try RunData(value["data"])
        inputs = try RunInputs(value["inputs"])
        outputs = try RunOutputs(value["outputs"])
    }
}

/// The facts about a run that the server keeps.
public struct RunInfo: Sendable, Hashable {
    /// Made by the server.
    public let runID: String
    /// Need not be unique.
    public let runName: String
    /// The experiment that it belongs to.
    public let experimentID: String
    /// Who runs it.
    public let userID: String
    /// What it does, or how it ended.
    public let status: RunStatus
    /// In milliseconds since 1970; nil if the server does not say.
    public let startTime: Int64?
    /// In milliseconds since 1970; nil while it runs.
    public let endTime: Int64?
    /// Where its artifacts are.
    public let artifactURI: String
    /// Whether it is in use.
    public let lifecycleStage: LifecycleStage

    init(_ value: JSONValue) throws(MLflowError) {
        // Servers before MLflow 1 know only run_uuid.
        runID = try value.id(value.text("run_id").isEmpty ? "run_uuid" : "run_id")
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

/// What was logged to a run.
public struct RunData: Sendable, Hashable {
    /// The latest point of each metric.
    public let metrics: [Metric]
    /// In the server's order.
    public let params: [Param]
    /// In the server's order.
    public let tags: [Tag]

    init(_ value: JSONValue?) throws(MLflowError) {
        metrics = try value?.list("metrics", Metric.init) ?? []
        params = try value?.list("params", Param.init) ?? []
        tags = try value?.list("tags", Tag.init) ?? []
    }

    /// The latest value of a metric; nil if it was never logged.
    public func metric(_ key: String) -> Double? { metrics.first { $0.key.isSame(as: key) }?.value }

    /// The value of a param; nil if there is none.
    public func param(_ key: String) -> String? { params.first { $0.key.isSame(as: key) }?.value }

    /// The value of a tag; nil if there is none.
    public func tag(_ key: String) -> String? { tags.first { $0.key.isSame(as: key) }?.value }
}

extension String {
    /// Whether it has the same bytes: for a server, keys that only look alike are two keys.
    func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
