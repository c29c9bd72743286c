internal import Glibc
internal import HTTPClient
internal import HTTPWire
internal import JSON
internal import MLflowAPI

/// An export as one page: the question, who answers it, and the file.
struct HTMLExport {
    private let command: ExportCommand
    private let question: [UInt8]

    /// Longer than any answer: what files hold in base64, the curves, the runs and the pages.
    private static let maximumBytes = 512 * 1_048_576

    init(_ command: ExportCommand) {
        self.command = command
        var writer = JSONWriter()
        writer.beginObject()
        if let experiment = command.experiment.first {
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
        switch try KeptStore.open(command.storage, uri: command.from) {
        case .folder(let folder):
            defer { folder.close() }
            try write(from: folder)
        case .server(let server):
            let reply = try server.call("export/html", question, maximumBytes: Self.maximumBytes)
            try ExportFile.write(command.outputPath, of: try command.ownStore()) { try $0.append(reply.body) }
        }
    }

    private func write(from folder: OpenedFolder) throws {
        let body: any HTTPBodyProducer
        do {
            body = try folder.api.exportedPages(requestBody: question)
        } catch {
            throw folder.api.exportRefusal(error).map { StartFailure($0) } ?? error
        }
        try ExportFile.write(command.outputPath, of: try command.ownStore()) { try $0.append(body) }
    }
}
