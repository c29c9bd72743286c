internal import HTTPClient
internal import JSON
internal import MLflowClient
internal import SQLite

/// The data that the upstream of a server still lacks.
struct ForwardBacklog: Equatable, Sendable {
    let upstream: String
    /// Whether the upstream lacks nothing.
    let isCurrent: Bool
    let runs: Int64
    /// The number of runs and models whose artifacts wait to be sent.
    let artifactOwners: Int64
    let artifactBytes: Int64
    /// The message of the last failure to send; nil if the last call succeeded.
    let failure: String?
}

/// Calls to the server of a command, which is on this machine.
struct CommandServerCalls: Sendable {
    private let client: TrackingConnection

    /// - Parameter databasePath: the database that the server has open. The file beside it has the server's secret for commands.
    /// - Returns: nil if that database belongs to no server, or to one at another address.
    init?(_ uri: String, databasePath: String) {
        guard let owner = OwnerLock.owner(ofDatabase: databasePath).flatMap({ ReachableOwner($0) }),
            owner.address == uri,
            let client = try? TrackingConnection(ownerAt: owner, agent: "apus-run")
        else { return nil }
        self.client = client
    }

    /// Sends a POST, and returns the JSON of an answer of status 200; nil for any other outcome.
    func answer(_ path: String, by deadline: Deadline, _ members: (inout JSONWriter) -> Void) -> JSONValue? {
        let body = JSONWriter.object(members)
        guard let reply = try? client.post(path, json: body, by: deadline), reply.status == 200 else { return nil }
        return reply.json
    }

    /// Asks the server for the data that its upstream still lacks; nil if it has no upstream or does not answer.
    func backlog(by deadline: Deadline) -> ForwardBacklog? {
        Self.backlog(answer("/api/apus/1.0/forward/status", by: deadline) { $0.member("max_results", 0) })
    }

    /// Tells the server to send the rest at once, and returns the same as `backlog(by:)`.
    func drain(by deadline: Deadline) -> ForwardBacklog? {
        Self.backlog(answer("/api/apus/1.0/forward/drain", by: deadline) { _ in })
    }

    private static func backlog(_ status: JSONValue?) -> ForwardBacklog? {
        guard let status, let upstream = status["upstream"]?.string else { return nil }
        return ForwardBacklog(
            upstream: upstream,
            isCurrent: status["current"]?.bool == true,
            runs: status["backlog_runs"]?.int64 ?? 0,
            artifactOwners: status["backlog_artifact_owners"]?.int64 ?? 0,
            artifactBytes: status["backlog_artifact_bytes"]?.int64 ?? 0,
            failure: status["failure"]?["message"]?.string
        )
    }
}
