internal import Coding
internal import Glibc
internal import HTTPClient
internal import JSON

/// The reason why a step of the check-up failed.
enum CheckFailure: Error, Sendable {
    case call(CallFailure)
    /// The server answered, but the answer lacks the requested data.
    case answer(HTTPReply)
    /// The server reported success, but a later answer contradicts it.
    case contradiction(String)
    /// The experiment of this name is deleted; the value is its id if the server returned one.
    case experimentDeleted(id: String?)
}

/// The MLflow routes that every training run needs.
struct TrackingCalls: Sendable {
    let client: TrackingClient
    /// The experiment that the user named; nil for the Default experiment, which every server has.
    let givenExperimentName: String?
    /// The experiment that is created when no other can be used.
    var experimentName: String { givenExperimentName ?? "apus-doctor" }

    init(client: TrackingClient, experimentName: String?) {
        self.client = client
        givenExperimentName = experimentName
    }

    /// A number that binary floating point represents exactly, so that every server returns it unchanged.
    private static let metricValue = 0.8125
    private static let metricKey = "apus_doctor"
    private static let base = "/api/2.0/mlflow"

    /// `GET /health`.
    func checkHealth(by deadline: Deadline) throws(CheckFailure) {
        let reply = try get("/health", by: deadline)
        guard reply.status == 200, !reply.isHTML else { throw .answer(reply) }
    }

    /// The id of the experiment to use, and whether this check-up created it.
    func experiment(by deadline: Deadline) throws(CheckFailure) -> (id: String, isNew: Bool) {
        if givenExperimentName == nil, try isDefaultExperimentActive(by: deadline) { return (Self.defaultID, false) }
        return try findOrCreateExperiment(by: deadline)
    }

    private static let defaultID = "0"

    /// Whether the Default experiment can take a run; false also when this user has no access to it.
    private func isDefaultExperimentActive(by deadline: Deadline) throws(CheckFailure) -> Bool {
        let reply = try get("\(Self.base)/experiments/get?experiment_id=\(Self.defaultID)", by: deadline)
        if reply.errorCode == "RESOURCE_DOES_NOT_EXIST" || reply.errorCode == "PERMISSION_DENIED" { return false }
        return try root(of: reply)["experiment"]?["lifecycle_stage"]?.isString("active") == true
    }

    private func findOrCreateExperiment(by deadline: Deadline) throws(CheckFailure) -> (id: String, isNew: Bool) {
        if let id = try findExperiment(by: deadline) { return (id, false) }
        let reply = try post("/experiments/create", by: deadline) { $0.member("name", experimentName) }
        // Another check-up may have created the experiment meanwhile; otherwise the name belongs to a deleted
        // experiment.
        if reply.errorCode == "RESOURCE_ALREADY_EXISTS" {
            guard let id = try findExperiment(by: deadline) else { throw .experimentDeleted(id: nil) }
            return (id, false)
        }
        return (try text(in: try root(of: reply)["experiment_id"], "experiment_id"), true)
    }

    private func findExperiment(by deadline: Deadline) throws(CheckFailure) -> String? {
        let query = "?experiment_name=\(PercentCoding.encode(experimentName))"
        let reply = try get("\(Self.base)/experiments/get-by-name\(query)", by: deadline)
        // Some servers report a missing experiment with another status than 404.
        if reply.errorCode == "RESOURCE_DOES_NOT_EXIST" { return nil }
        let experiment = try root(of: reply)["experiment"]
        let id = try text(in: experiment?["experiment_id"], "experiment_id")
        if experiment?["lifecycle_stage"]?.isString("deleted") == true { throw .experimentDeleted(id: id) }
        return id
    }

    /// The id of a new run.
    func createRun(experimentID: String, by deadline: Deadline) throws(CheckFailure) -> String {
        let reply = try post("/runs/create", by: deadline) { body in
            body.member("experiment_id", experimentID)
            body.member("start_time", Self.unixMilliseconds)
            body.member("run_name", "apus-doctor")
        }
        return try text(in: try root(of: reply)["run"]?["info"]?["run_id"], "run_id")
    }

    func logMetric(runID: String, by deadline: Deadline) throws(CheckFailure) {
        let reply = try post("/runs/log-metric", by: deadline) { body in
            body.member("run_id", runID)
            body.member("key", Self.metricKey)
            body.member("value", Self.metricValue)
            body.member("timestamp", Self.unixMilliseconds)
            body.member("step", 0)
        }
        _ = try root(of: reply)
    }

    /// Reads the run back and compares the metric's value.
    func readMetric(runID: String, by deadline: Deadline) throws(CheckFailure) {
        let reply = try get("\(Self.base)/runs/get?run_id=\(PercentCoding.encode(runID))", by: deadline)
        let metrics = try root(of: reply)["run"]?["data"]?["metrics"]
        guard let metric = metrics?.elements.first(where: { $0["key"]?.isString(Self.metricKey) == true }) else {
            throw .contradiction("the metric that was just logged is not in the run")
        }
        guard let value = metric["value"]?.double, value == Self.metricValue else {
            throw .contradiction(
                "the metric came back as \(metric["value"]?.text ?? "nothing"), not \(Self.metricValue)"
            )
        }
    }

    func endRun(runID: String, by deadline: Deadline) throws(CheckFailure) {
        let reply = try post("/runs/update", by: deadline) { body in
            body.member("run_id", runID)
            body.member("status", "FINISHED")
            body.member("end_time", Self.unixMilliseconds)
        }
        guard try root(of: reply)["run_info"]?["status"]?.isString("FINISHED") == true else {
            throw .contradiction("the run that was just ended is not FINISHED")
        }
    }

    func deleteRun(runID: String, by deadline: Deadline) throws(CheckFailure) {
        let reply = try post("/runs/delete", by: deadline) { $0.member("run_id", runID) }
        _ = try root(of: reply)
    }
}

extension TrackingCalls {
    private static var unixMilliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000 &+ Int64(time.tv_nsec) / 1_000_000
    }

    private func get(_ path: String, by deadline: Deadline) throws(CheckFailure) -> HTTPReply {
        do throws(CallFailure) { return try client.get(path, by: deadline) } catch { throw .call(error) }
    }

    private func post(
        _ route: String,
        by deadline: Deadline,
        _ members: (inout JSONWriter) -> Void
    ) throws(CheckFailure) -> HTTPReply {
        var writer = JSONWriter()
        writer.beginObject()
        members(&writer)
        writer.endObject()
        do throws(CallFailure) {
            return try client.post(Self.base + route, json: writer.takeBytes(), by: deadline)
        } catch {
            throw .call(error)
        }
    }

    /// The JSON object of a successful response.
    private func root(of reply: HTTPReply) throws(CheckFailure) -> JSONValue {
        guard reply.status == 200, let root = reply.json, root.kind == .object else { throw .answer(reply) }
        return root
    }

    private func text(in value: JSONValue?, _ name: String) throws(CheckFailure) -> String {
        guard let text = value?.string, !text.isEmpty else { throw .contradiction("the answer has no \(name)") }
        return text
    }
}
