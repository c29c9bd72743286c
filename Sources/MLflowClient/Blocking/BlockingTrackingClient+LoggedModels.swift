internal import Coding
internal import HTTPWire
internal import JSON

/// Calls for logged models, which need a server of MLflow 3. With an older server they throw `.endpointNotFound`.
extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/createLoggedModel(experimentID:name:modelType:sourceRunID:params:tags:)``.
    public func createLoggedModel(
        experimentID: String,
        name: String? = nil,
        modelType: String? = nil,
        sourceRunID: String? = nil,
        params: [Param] = [],
        tags: [Tag] = []
    ) throws(MLflowError) -> LoggedModel {
        let call = TrackingCall.send(.post, "logged-models", .notRepeatable) { body in
            body.member("experiment_id", experimentID)
            body.member("name", ifPresent: name)
            body.member("model_type", ifPresent: modelType)
            body.member("source_run_id", ifPresent: sourceRunID)
            body.member("params", params: params)
            body.member("tags", tags: tags)
        }
        return try LoggedModel(answer(to: call).object("model"))
    }

    /// The blocking form of ``TrackingClient/getLoggedModel(modelID:)``.
    public func getLoggedModel(modelID: String) throws(MLflowError) -> LoggedModel {
        try LoggedModel(answer(to: .get(Self.route(modelID))).object("model"))
    }

    /// The blocking form of ``TrackingClient/finalizeLoggedModel(modelID:status:)``.
    public func finalizeLoggedModel(
        modelID: String,
        status: LoggedModelStatus = .ready
    ) throws(MLflowError) -> LoggedModel {
        let call = TrackingCall.send(.patch, Self.route(modelID), .repeatable) { body in
            body.member("model_id", modelID)
            body.member("status", status.rawValue)
        }
        return try LoggedModel(answer(to: call).object("model"))
    }

    /// The blocking form of ``TrackingClient/searchLoggedModels(experimentIDs:filter:orderBy:maxResults:pageToken:)``.
    public func searchLoggedModels(
        experimentIDs: [String],
        filter: String? = nil,
        orderBy: [LoggedModelOrder] = [],
        maxResults: Int = 100,
        pageToken: String? = nil
    ) throws(MLflowError) -> Page<LoggedModel> {
        let call = TrackingCall.send(.post, "logged-models/search", .repeatable) { body in
            body.member("experiment_ids", texts: experimentIDs)
            body.member("filter", ifPresent: filter)
            body.member("max_results", maxResults)
            body.member("page_token", ifPresent: pageToken)
            guard !orderBy.isEmpty else { return }
            body.memberArray("order_by") { writer in
                for order in orderBy {
                    writer.beginObject()
                    writer.member("field_name", order.field)
                    writer.member("ascending", order.isAscending)
                    writer.endObject()
                }
            }
        }
        let answer = try answer(to: call)
        return try Page(answer.list("models", LoggedModel.init), answer)
    }

    /// The blocking form of ``TrackingClient/setLoggedModelTags(modelID:_:)``.
    public func setLoggedModelTags(modelID: String, _ tags: [Tag]) throws(MLflowError) {
        try perform(.patch, Self.route(modelID) + "/tags", .repeatable) { body in
            body.member("model_id", modelID)
            body.member("tags", tags: tags)
        }
    }

    /// The blocking form of ``TrackingClient/deleteLoggedModelTag(modelID:_:)``.
    public func deleteLoggedModelTag(modelID: String, _ key: String) throws(MLflowError) {
        let route = "\(Self.route(modelID))/tags/\(PercentCoding.encode(key))"
        try perform(TrackingCall(method: .delete, path: TrackingCall.base + route, repetition: .notRepeatable))
    }

    /// The blocking form of ``TrackingClient/logLoggedModelParams(modelID:_:)``.
    public func logLoggedModelParams(modelID: String, _ params: [Param]) throws(MLflowError) {
        try perform(.post, "\(Self.route(modelID))/params", .notRepeatable) { body in
            body.member("model_id", modelID)
            body.member("params", params: params)
        }
    }

    /// The blocking form of ``TrackingClient/deleteLoggedModel(modelID:)``.
    public func deleteLoggedModel(modelID: String) throws(MLflowError) {
        let path = TrackingCall.base + Self.route(modelID)
        try perform(TrackingCall(method: .delete, path: path, repetition: .notRepeatable))
    }

    private static func route(_ modelID: String) -> String { "logged-models/\(PercentCoding.encode(modelID))" }
}

/// An attribute or metric by which logged models are sorted, and the direction.
public struct LoggedModelOrder: Sendable, Hashable {
    /// The field to sort by, such as `creation_timestamp` or `metrics.loss`.
    public var field: String
    /// Whether the smallest value comes first.
    public var isAscending: Bool

    /// Sorts by a field, the smallest value first unless `isAscending` is false.
    public init(_ field: String, isAscending: Bool = true) {
        self.field = field
        self.isAscending = isAscending
    }
}
