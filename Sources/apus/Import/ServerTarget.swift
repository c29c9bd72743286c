internal import ArtifactStore
internal import Coding
internal import HTTPClient
internal import HTTPWire
internal import JSON
internal import Tracking
internal import Transfer

/// A running server of Apus.
final class ServerTarget: ImportTarget {
    private static let callTime = Duration.seconds(120)
    /// How often a call is repeated that the server has no time for.
    private static let attempts = 6

    let title: String
    private let client: TrackingClient
    private var report = TransferReport()
    /// The sizes of the files in the folder that was listed last, by name.
    private var listed: (folder: String, sizes: [String: Int64])?

    init(_ uri: TrackingURI, _ environment: Environment) throws {
        title = "server \(uri)"
        client = TrackingClient(uri: uri, credentials: try ClientCredentials(uri: uri, environment: environment))
    }

    func take(_ records: [TransferRecord]) throws {
        var writer = JSONWriter(capacity: 65_536)
        var body: [UInt8] = []
        for record in records {
            writer.record(record)
            body += writer.takeBytes() + [UInt8(ascii: "\n")]
            writer = JSONWriter(continuing: [])
        }
        let reply = try repeated { () throws(CallFailure) in
            try client.post(
                "/api/apus/1.0/import",
                body: body,
                type: "application/x-ndjson",
                by: Deadline(after: Self.callTime)
            )
        }
        guard reply.status == 200, let answer = reply.json.flatMap({ TransferReport($0) }) else {
            throw failure(reply, "does not take records; is it a server of this version of Apus?")
        }
        report.add(answer)
    }

    func place(_ file: SourceFile, at path: ArtifactPath) throws -> Adoption {
        let folder = path.components.dropLast().joined(separator: "/")
        if listed?.folder != folder { listed = (folder, try sizes(in: folder)) }
        // The bytes that are there are not read: files of the same size count as the same.
        if let size = listed?.sizes[path.name ?? ""] { return size == file.size ? .same : .different }
        let target = path.components.map { PercentCoding.encode($0) }.joined(separator: "/")
        let time = Self.callTime + .seconds(file.size / 1_000_000)
        let reply = try repeated { () throws(CallFailure) in
            try client.put(
                "/api/2.0/mlflow-artifacts/artifacts/\(target)",
                file: file.descriptor,
                bytes: file.size,
                by: Deadline(after: time)
            )
        }
        guard (200..<300).contains(reply.status) else { throw failure(reply, "does not take the file \(path)") }
        return .stored(bytes: file.size)
    }

    private func sizes(in folder: String) throws -> [String: Int64] {
        let query = PercentCoding.encode(folder)
        let reply = try repeated { () throws(CallFailure) in
            try client.get(
                "/api/2.0/mlflow-artifacts/artifacts?path=\(query)",
                by: Deadline(after: Self.callTime)
            )
        }
        guard reply.status == 200, let files = reply.json else {
            throw failure(reply, "does not list the folder \(folder)")
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

    /// Repeats a call that is refused because the server is busy; all calls here may be carried out twice.
    private func repeated(_ call: () throws(CallFailure) -> HTTPReply) throws -> HTTPReply {
        var pause = Duration.milliseconds(250)
        for attempt in 1...Self.attempts {
            do throws(CallFailure) {
                let reply = try call()
                guard reply.status == 429 || reply.status == 503, attempt < Self.attempts else { return reply }
            } catch {
                guard case .disconnected = error, attempt < Self.attempts else {
                    throw ImportFailure("The \(title) cannot be reached: \(error.reason).")
                }
            }
            sleepFor(pause)
            pause *= 2
        }
        throw ImportFailure("The \(title) is busy.")
    }

    private func failure(_ reply: HTTPReply, _ what: String) -> ImportFailure {
        let message = client.credentials.redacted(reply.message ?? "").printable(limit: 400)
        return ImportFailure("The \(title) \(what) (status \(reply.status)\(message.isEmpty ? "" : ": \(message)")).")
    }
}

extension CallFailure {
    /// The failure for a person.
    fileprivate var reason: String {
        switch self {
        case .unresolved(let text): "its name has no address (\(text))"
        case .refused: "nothing listens there"
        case .unreachable(let text): text
        case .timedOut: "it takes too long"
        case .disconnected: "it closes the connection without an answer"
        case .notHTTP(let text): "it does not speak HTTP (\(text))"
        case .speaksTLS: "it speaks https, which is not offered yet"
        }
    }
}
