internal import ArtifactStore
internal import Coding
internal import HTTPClient
internal import JSON
internal import MLflowClient
internal import Tracking
internal import Transfer

/// A running server of Apus that an import writes to.
final class ServerTarget: ImportTarget {
    private let client: RetryingClient
    private var report = TransferReport()
    /// The sizes of the files in the folder that was listed last, by name.
    private var listed: (folder: String, sizes: [String: Int64])?

    init(_ client: TrackingConnection) { self.client = RetryingClient(client) }

    var title: String { client.title }

    func add(_ records: [TransferRecord]) throws {
        var writer = JSONWriter(capacity: 65_536)
        var body: [UInt8] = []
        for record in records {
            writer.record(record)
            body += writer.takeBytes() + [UInt8(ascii: "\n")]
            writer = JSONWriter(continuing: [])
        }
        let reply = try client.withRetries { client in
            try client.post(
                "/api/apus/1.0/import",
                body: body,
                type: "application/x-ndjson",
                by: Deadline(after: RetryingClient.callTime)
            )
        }
        guard reply.status == 200, let answer = reply.json.flatMap({ TransferReport($0) }) else {
            let reason =
                switch reply.status {
                case 401: "accepts records only with valid credentials"
                case 403:
                    "accepts records only from admins: use an admin's name and password, or a token of the scope admin"
                default: "does not accept records; is it a server of this version of Apus?"
                }
            throw client.failure(reply, reason)
        }
        report.add(answer)
    }

    func flush() throws -> [TransferOwner] { report.takeLeftOut() }

    var mappings: [ExperimentMapping] { report.mappings }

    func location(of owner: TransferOwner) throws -> String? {
        let id = PercentCoding.encode(owner.id.text)
        let (call, key) = owner.kind == .run ? ("runs/get?run_id=\(id)", "run") : ("logged-models/\(id)", "model")
        let reply = try client.withRetries { client in
            try client.get("/api/2.0/mlflow/\(call)", by: Deadline(after: RetryingClient.callTime))
        }
        return reply.status == 200 ? reply.json?[key]?["info"]?["artifact_uri"]?.string : nil
    }

    func size(at path: ArtifactPath) throws -> Int64? {
        let folder = path.components.dropLast().joined(separator: "/")
        if listed?.folder != folder { listed = (folder, try sizes(in: folder)) }
        return listed?.sizes[path.name ?? ""]
    }

    func storeFile(_ file: SourceFile, at path: ArtifactPath) throws -> Adoption {
        // The content of the stored file is not compared: files of the same size count as the same.
        if let size = try size(at: path) { return size == file.size ? .same(bytes: size) : .different }
        let target = path.components.map { PercentCoding.encode($0) }.joined(separator: "/")
        let time = RetryingClient.callTime + .seconds(file.size / 1_000_000)
        let reply: HTTPReply
        do {
            reply = try client.withRetries { client in
                try client.put(
                    "/api/2.0/mlflow-artifacts/artifacts/\(target)",
                    file: file.descriptor,
                    bytes: file.size,
                    by: Deadline(after: time)
                )
            }
        } catch let unusable as UnusableAnswer {
            throw FileRefusal(description: "the server does not confirm that it has stored the file: \(unusable)")
        }
        guard (200..<300).contains(reply.status) else {
            let failure = client.failure(reply, "does not accept the file \(path)")
            // Without the permission to store this file, no other file can be stored either.
            if reply.status == 401 || reply.status == 403 { throw failure }
            throw FileRefusal(description: failure.description)
        }
        return .stored(bytes: file.size)
    }

    private func sizes(in folder: String) throws -> [String: Int64] {
        let query = PercentCoding.encode(folder)
        let reply = try client.withRetries { client in
            try client.get(
                "/api/2.0/mlflow-artifacts/artifacts?path=\(query)",
                by: Deadline(after: RetryingClient.callTime)
            )
        }
        guard reply.status == 200, let files = reply.json else {
            throw client.failure(reply, "does not list the folder \(folder)")
        }
        var sizes: [String: Int64] = [:]
        for file in files["files"].map({ Array($0.elements) }) ?? [] where file["is_dir"]?.bool != true {
            let size = file["file_size"]?.int64 ?? file["file_size"]?.string.flatMap { Int64($0) }
            sizes[file["path"]?.string ?? ""] = size ?? 0
        }
        return sizes
    }

    func finish() throws -> TransferReport { report }

    func close() {}
}
