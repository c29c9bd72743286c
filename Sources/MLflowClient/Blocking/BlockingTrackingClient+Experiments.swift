internal import HTTPWire
internal import JSON

extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/createExperiment(name:artifactLocation:tags:)``.
    public func createExperiment(
        name: String,
        artifactLocation: String? = nil,
        tags: [Tag] = []
    ) throws(MLflowError) -> String {
        let call = TrackingCall.send(.post, "experiments/create", .notRepeatable) { body in
            body.member("name", name)
            body.member("artifact_location", ifPresent: artifactLocation)
            body.member("tags", tags: tags)
        }
        return try answer(to: call).requiredText("experiment_id")
    }

    /// The blocking form of ``TrackingClient/getExperiment(experimentID:)``.
    public func getExperiment(experimentID: String) throws(MLflowError) -> Experiment {
        let call = TrackingCall.get("experiments/get", [("experiment_id", experimentID)])
        return try Experiment(answer(to: call).object("experiment"))
    }

    /// The blocking form of ``TrackingClient/getExperimentByName(_:)``.
    public func getExperimentByName(_ name: String) throws(MLflowError) -> Experiment? {
        do throws(MLflowError) {
            let call = TrackingCall.get("experiments/get-by-name", [("experiment_name", name)])
            return try Experiment(answer(to: call).object("experiment"))
        } catch {
            guard error.code == .resourceDoesNotExist else { throw error }
            return nil
        }
    }

    /// The blocking form of ``TrackingClient/searchExperiments(filter:viewType:orderBy:maxResults:pageToken:)``.
    public func searchExperiments(
        filter: String? = nil,
        viewType: ViewType = .activeOnly,
        orderBy: [String] = [],
        maxResults: Int = 1_000,
        pageToken: String? = nil
    ) throws(MLflowError) -> Page<Experiment> {
        let call = TrackingCall.send(.post, "experiments/search", .repeatable) { body in
            body.member("max_results", maxResults)
            body.member("view_type", viewType.rawValue)
            body.member("filter", ifPresent: filter)
            body.member("order_by", texts: orderBy)
            body.member("page_token", ifPresent: pageToken)
        }
        let answer = try answer(to: call)
        return try Page(answer.list("experiments", Experiment.init), answer)
    }

    /// The blocking form of ``TrackingClient/renameExperiment(experimentID:newName:)``.
    public func renameExperiment(experimentID: String, newName: String) throws(MLflowError) {
        try perform(.post, "experiments/update", .repeatable) { body in
            body.member("experiment_id", experimentID)
            body.member("new_name", newName)
        }
    }

    /// The blocking form of ``TrackingClient/deleteExperiment(experimentID:)``.
    public func deleteExperiment(experimentID: String) throws(MLflowError) {
        try perform(.post, "experiments/delete", .notRepeatable) { $0.member("experiment_id", experimentID) }
    }

    /// The blocking form of ``TrackingClient/restoreExperiment(experimentID:)``.
    public func restoreExperiment(experimentID: String) throws(MLflowError) {
        try perform(.post, "experiments/restore", .notRepeatable) { $0.member("experiment_id", experimentID) }
    }

    /// The blocking form of ``TrackingClient/setExperimentTag(experimentID:_:_:)``.
    public func setExperimentTag(experimentID: String, _ key: String, _ value: String) throws(MLflowError) {
        try perform(.post, "experiments/set-experiment-tag", .repeatable) { body in
            body.member("experiment_id", experimentID)
            body.member("key", key)
            body.member("value", value)
        }
    }

    /// The blocking form of ``TrackingClient/deleteExperimentTag(experimentID:_:)``.
    public func deleteExperimentTag(experimentID: String, _ key: String) throws(MLflowError) {
        try perform(.post, "experiments/delete-experiment-tag", .notRepeatable) { body in
            body.member("experiment_id", experimentID)
            body.member("key", key)
        }
    }
}
