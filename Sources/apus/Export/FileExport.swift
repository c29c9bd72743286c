internal import Coding
internal import Glibc
internal import HTTPClient
internal import JSON
internal import MLflowAPI
internal import MLflowClient
internal import Tracking
internal import Transfer

/// Writes an export as an archive or a table to a file.
struct FileExport {
    private let command: ExportCommand
    private let export: StreamedExport
    /// The path of the call that a server answers with the file, up to the query parameters for the subset.
    private let call: String

    /// The longest time to wait for bytes: a server may read the keys of all metrics, params and tags before the first row.
    private static let waitLimit = Duration.seconds(300)

    init(_ command: ExportCommand, _ export: StreamedExport) {
        self.command = command
        self.export = export
        switch export {
        case .archive: call = "export/archive?"
        case .table(let rows, let format): call = "export/table?table=\(rows.rawValue)&format=\(format.rawValue)&"
        }
    }

    func write() throws {
        // A reader of the standard output may close the pipe early.
        signal(SIGPIPE, SIG_IGN)
        switch try ExportOrigin.open(command, needsArtifacts: includesArtifacts) {
        case .opened(let api, let close):
            defer { close() }
            let body = try api.exported(export, try subset { try api.experimentID(idOrName: $0) })
            try ExportFile.write(command.outputPath, of: try command.exportedLayout()) { try $0.append(body) }
        case .server(let server):
            let query = query(try subset(server.experimentID(idOrName:)))
            try ExportFile.write(command.outputPath, of: try command.exportedLayout()) { file in
                try server.download(call + query, waitLimit: Self.waitLimit) { try file.append($0) }
            }
        }
    }

    private var includesArtifacts: Bool { if case .archive = export { true } else { false } }

    private func subset(_ experimentID: (String) throws -> Int64) throws -> TransferSubset {
        if !command.runs.isEmpty { return .runs(command.runs) }
        if command.experiment.isEmpty { return .everything }
        return .experiments(try command.experiment.map(experimentID))
    }

    private func query(_ subset: TransferSubset) -> String {
        switch subset {
        case .everything: ""
        case .experiments(let ids): "experiment_ids=" + ids.map { String($0) }.joined(separator: ",")
        case .runs(let ids): "run_ids=" + ids.map { PercentCoding.encode($0) }.joined(separator: ",")
        }
    }
}

extension ServerConnection {
    /// The id of an experiment that is given by its id or its name.
    func experimentID(idOrName text: String) throws -> Int64 {
        let calls = ["get?experiment_id=", "get-by-name?experiment_name="]
        for call in calls where call == calls.last || Int64(text) != nil {
            let reply = try client.get(
                "/api/2.0/mlflow/experiments/\(call)\(PercentCoding.encode(text))",
                by: Deadline(after: .seconds(60))
            )
            if reply.status == 200, let id = reply.json?["experiment"]?["experiment_id"]?.string.flatMap({ Int64($0) })
            {
                return id
            }
            if reply.status != 404 { throw failure(reply) }
        }
        throw StartFailure("The server at \(client.uri) has no experiment '\(text)'.")
    }
}
