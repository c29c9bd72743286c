internal import Glibc
internal import HTTPClient
internal import HTTPWire
internal import JSON
internal import SQLite

/// An export as one page: the question, who answers it, and the file.
struct HTMLExport {
    private let command: ExportCommand
    private let question: [UInt8]

    /// Longer than any answer: what files hold in base64, the curves, the runs and the pages.
    private static let maximumBytes = 512 * 1_048_576
    private static let timeout = Duration.seconds(300)

    init(_ command: ExportCommand) {
        self.command = command
        var writer = JSONWriter()
        writer.beginObject()
        if let experiment = command.experiment {
            writer.memberArray("experiment_ids") { $0.string(experiment) }
            writer.member("filter", ifPresent: command.filter)
        } else {
            writer.memberArray("run_ids") { writer in
                for run in command.runs { writer.string(run) }
            }
        }
        writer.endObject()
        question = writer.takeBytes()
    }

    func write() throws {
        // A reader of the standard output may go away early.
        signal(SIGPIPE, SIG_IGN)
        if let uri = command.from { return try write(fromServerAt: uri) }
        do {
            let folder = try HeldData(try command.storage())
            defer { folder.close() }
            let body = try folder.exportedPages(question)
            try ExportFile.write(command.output) { file in
                var hasMore = true
                while hasMore {
                    var piece: [UInt8] = []
                    hasMore = try body.next(into: &piece)
                    try file.append(piece)
                }
            }
        } catch let failure as StartFailure {
            guard case .known(let owner)? = failure.owner, owner.isOnThisMachine, let address = owner.address else {
                throw failure
            }
            try write(fromServerAt: address)
        }
    }

    private func write(fromServerAt text: String) throws {
        let reply = try ask(text)
        guard reply.status == 200 else {
            throw StartFailure(
                "The server at \(TrackingURI.withoutSecrets(text)) answered \(reply.status)"
                    + (reply.message.map { ": \($0.printable(limit: 500))" } ?? ".")
            )
        }
        try ExportFile.write(command.output) { try $0.append(reply.body) }
    }

    private func ask(_ text: String) throws(StartFailure) -> HTTPReply {
        do {
            let uri = try TrackingURI(text)
            let credentials = try ClientCredentials(uri: uri, environment: Environment.process)
            return try TrackingClient(uri: uri, credentials: credentials).post(
                "/api/apus/1.0/export/html",
                json: question,
                maximumBytes: Self.maximumBytes,
                by: Deadline(after: Self.timeout)
            )
        } catch let fault as TrackingURIFault {
            throw StartFailure("\(TrackingURI.withoutSecrets(text)): \(fault.detail). \(fault.advice)")
        } catch {
            throw StartFailure("The server at \(TrackingURI.withoutSecrets(text)) does not answer (\(error)).")
        }
    }
}
