internal import Glibc
internal import HTTPClient
internal import HTTPWire
internal import JSON
internal import MLflowAPI

/// Writes an export as one HTML page to a file.
struct HTMLExport {
    private let command: ExportCommand

    /// The limit for the answer, which contains files in base64, curves, runs and the code of the pages; no answer is so large.
    private static let maximumBytes = 512 * 1_048_576

    init(_ command: ExportCommand) { self.command = command }

    /// The body of the call to a server.
    private func request(_ experimentID: (String) throws -> Int64) throws -> [UInt8] {
        try JSONWriter.object { writer in
            if let experiment = command.experiment.first {
                writer.member("experiment_ids", strings: [String(try experimentID(experiment))])
                writer.member("filter", ifPresent: command.filter)
            } else {
                writer.member("run_ids", strings: command.runs)
            }
        }
    }

    func write() throws {
        // A reader of the standard output may close the pipe early.
        signal(SIGPIPE, SIG_IGN)
        switch try ExportOrigin.open(command, needsArtifacts: true) {
        case .opened(let api, let close):
            defer { close() }
            try write(from: api)
        case .server(let server):
            let request = try self.request(server.experimentID(idOrName:))
            let reply = try server.call("export/html", request, maximumBytes: Self.maximumBytes)
            try ExportFile.write(command.outputPath, of: try command.exportedLayout()) { try $0.append(reply.body) }
        }
    }

    private func write(from api: MLflowAPI) throws {
        let body: any HTTPBodyProducer
        do {
            body = try api.exportedPages(requestBody: try request { try api.experimentID(idOrName: $0) })
        } catch {
            throw api.exportRefusal(error).map { StartFailure($0) } ?? error
        }
        try ExportFile.write(command.outputPath, of: try command.exportedLayout()) { try $0.append(body) }
    }
}
