internal import JSON

/// Whether a logged model is complete.
public struct LoggedModelStatus: RawRepresentable, Sendable, Hashable {
    /// As the server sends it.
    public let rawValue: String

    /// A status by the server's word for it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Its files are being uploaded.
    public static let pending = LoggedModelStatus(rawValue: "LOGGED_MODEL_PENDING")
    /// All of it is there.
    public static let ready = LoggedModelStatus(rawValue: "LOGGED_MODEL_READY")
    /// Its upload failed.
    public static let failed = LoggedModelStatus(rawValue: "LOGGED_MODEL_UPLOAD_FAILED")
}

/// A model that a run made, with its own files, params, tags and metrics.
public struct LoggedModel: Sendable, Hashable {
    /// Made by the server.
    public let modelID: String
    /// The experiment that it belongs to.
    public let experimentID: String
    /// Need not be unique.
    public let name: String
    /// What kind of model it is; empty if unknown.
    public let modelType: String
    /// The run that made it; empty if none did.
    public let sourceRunID: String
    /// Where its files are.
    public let artifactURI: String
    /// Whether it is complete.
    public let status: LoggedModelStatus
    /// In milliseconds since 1970.
    public let creationTime: Int64?
    /// In milliseconds since 1970.
    public let lastUpdateTime: Int64?
    /// In the server's order.
    public let tags: [Tag]
    /// In the server's order.
    public let params: [Param]
    /// In the server's order.
    public let metrics: [Metric]

    init(_ value: JSONValue) throws(MLflowError) {
        let info = try value.object("info")
        let data = value["data"]
        modelID = try info.id("model_id")
        experimentID = try info.id("experiment_id")
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
