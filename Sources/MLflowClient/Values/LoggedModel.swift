internal import JSON

/// Whether the files of a logged model are complete.
public struct LoggedModelStatus: RawRepresentable, Sendable, Hashable {
    /// The text that the server sends.
    public let rawValue: String

    /// Makes a status from the text that the server sends.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The files are being uploaded.
    public static let pending = LoggedModelStatus(rawValue: "LOGGED_MODEL_PENDING")
    /// All files have been uploaded.
    public static let ready = LoggedModelStatus(rawValue: "LOGGED_MODEL_READY")
    /// The upload of the files failed.
    public static let failed = LoggedModelStatus(rawValue: "LOGGED_MODEL_UPLOAD_FAILED")
}

/// A model that a run made, with its own files, params, tags and metrics.
public struct LoggedModel: Sendable, Hashable {
    /// The id, which the server chooses.
    public let modelID: String
    /// The id of the experiment that the model belongs to.
    public let experimentID: String
    /// The name, which need not be unique.
    public let name: String
    /// The kind of model; empty if unknown.
    public let modelType: String
    /// The id of the run that made the model; empty if no run did.
    public let sourceRunID: String
    /// The location of the model's files.
    public let artifactURI: String
    /// Whether the model's files are complete.
    public let status: LoggedModelStatus
    /// The creation time in milliseconds since 1970.
    public let creationTime: Int64?
    /// The time of the last change in milliseconds since 1970.
    public let lastUpdateTime: Int64?
    /// The tags, in the server's order.
    public let tags: [Tag]
    /// The params, in the server's order.
    public let params: [Param]
    /// The metrics, in the server's order.
    public let metrics: [Metric]

    init(_ value: JSONValue) throws(MLflowError) {
        let info = try value.object("info")
        let data = value["data"]
        modelID = try info.requiredText("model_id")
        experimentID = try info.requiredText("experiment_id")
        name = info.text("name")
        modelType = info.text("model_type")
        sourceRunID = info.text("source_run_id")
        artifactURI = info.text("artifact_uri")
        status = LoggedModelStatus(rawValue: info.text("status"))
        creationTime = info.integer("creation_timestamp_ms")
        lastUpdateTime = info.integer("last_updated_timestamp_ms")
        tags = try info.list("tags", Tag.init)
        params = try data?.list("params", Param.init) ?? []
        metrics = try data?.list("metrics", Metric.init) ?? []
    }
}
