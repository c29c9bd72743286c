internal import HTTPWire
internal import JSON

extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/createRun(experimentID:runName:startTime:userID:tags:)``.
    public func createRun(
        experimentID: String,
        runName: String? = nil,
        startTime: Int64? = nil,
        userID: String? = nil,
        tags: [Tag] = []
    ) throws(MLflowError) -> Run {
        let call = TrackingCall.send(.post, "runs/create", .notRepeatable) { body in
            body.member("experiment_id", experimentID)
            body.member("user_id", ifPresent: userID ?? tags.first { $0.key == RunTag.user }?.value)
            body.member("run_name", ifPresent: runName)
            body.member("start_time", startTime ?? .unixMilliseconds)
            body.member("tags", tags: tags)
        }
        return try Run(answer(to: call).object("run"))
    }

    /// The blocking form of ``TrackingClient/getRun(runID:)``.
    public func getRun(runID: String) throws(MLflowError) -> Run {
        try Run(answer(to: .get("runs/get", [("run_id", runID)])).object("run"))
    }

    /// The blocking form of ``TrackingClient/updateRun(runID:status:endTime:runName:)``.
    @discardableResult
    public func updateRun(
        runID: String,
        status: RunStatus? = nil,
        endTime: Int64? = nil,
        runName: String? = nil
    ) throws(MLflowError) -> RunInfo? {
        let call = TrackingCall.send(.post, "runs/update", .repeatable) { body in
            body.member("run_id", runID)
            body.member("status", ifPresent: status?.rawValue)
            body.member("end_time", ifPresent: endTime)
            body.member("run_name", ifPresent: runName)
        }
        // Some servers do not return the run.
        let reply = try caller.reply(to: call, interruption)
        return try reply.json?["run_info"].map { info throws(MLflowError) in try RunInfo(info) }
    }

    /// The blocking form of ``TrackingClient/setTerminated(runID:status:endTime:)``.
    public func setTerminated(runID: String, status: RunStatus = .finished, endTime: Int64? = nil) throws(MLflowError) {
        try updateRun(runID: runID, status: status, endTime: endTime ?? .unixMilliseconds)
    }

    /// The blocking form of ``TrackingClient/deleteRun(runID:)``.
    public func deleteRun(runID: String) throws(MLflowError) {
        try perform(.post, "runs/delete", .repeatable) { $0.member("run_id", runID) }
    }

    /// The blocking form of ``TrackingClient/restoreRun(runID:)``.
    public func restoreRun(runID: String) throws(MLflowError) {
        try perform(.post, "runs/restore", .repeatable) { $0.member("run_id", runID) }
    }

    /// The blocking form of ``TrackingClient/searchRuns(experimentIDs:filter:viewType:orderBy:maxResults:pageToken:)``.
    public func searchRuns(
        experimentIDs: [String],
        filter: String? = nil,
        viewType: ViewType = .activeOnly,
        orderBy: [String] = [],
        maxResults: Int = 1_000,
        pageToken: String? = nil
    ) throws(MLflowError) -> Page<Run> {
        let call = TrackingCall.send(.post, "runs/search", .repeatable) { body in
            body.member("experiment_ids", texts: experimentIDs)
            body.member("filter", ifPresent: filter)
            body.member("run_view_type", viewType.rawValue)
            body.member("max_results", maxResults)
            body.member("order_by", texts: orderBy)
            body.member("page_token", ifPresent: pageToken)
        }
        let answer = try answer(to: call)
        return try Page(answer.list("runs", Run.init), answer)
    }

    /// The blocking form of ``TrackingClient/logInputs(runID:datasets:modelIDs:)``.
    public func logInputs(runID: String, datasets: [DatasetInput] = [], modelIDs: [String] = []) throws(MLflowError) {
        try perform(.post, "runs/log-inputs", .repeatable) { body in
            body.member("run_id", runID)
            body.memberArray("datasets") { writer in
                for dataset in datasets { dataset.write(to: &writer) }
            }
            guard !modelIDs.isEmpty else { return }
            body.memberArray("models") { writer in
                for id in modelIDs {
                    writer.beginObject()
                    writer.member("model_id", id)
                    writer.endObject()
                }
            }
        }
    }

    /// The blocking form of ``TrackingClient/logOutputs(runID:models:)``.
    public func logOutputs(runID: String, models: [ModelOutput]) throws(MLflowError) {
        try perform(.post, "runs/outputs", .notRepeatable) { body in
            body.member("run_id", runID)
            body.memberArray("models") { writer in
                for model in models {
                    writer.beginObject()
                    writer.member("model_id", model.modelID)
                    writer.member("step", model.step)
                    writer.endObject()
                }
            }
        }
    }
}
