package import Budgets
internal import HTTPServer
package import HTTPWire
package import Tracking
internal import TrackingStore
package import Transfer

/// The kinds of exported files that are made while they are being sent.
package enum StreamedExport: Sendable {
    /// The selected data with its artifacts, for `apus import`; `docs/archive-format.md` describes the format.
    case archive
    case table(ExportTable.Rows, ExportTable.Format)
}

extension MLflowAPI {
    var streamedExportEndpoints: [[Endpoint]] {
        let access = Access.search(.runs("run_ids"), .experiments)
        return [
            endpoint(.get, .apus, "export/archive", access, handler: .blocking(exportArchive)),
            endpoint(.get, .apus, "export/table", access, handler: .blocking(exportTable)),
        ]
    }

    /// The maximum number of runs or experiments that one call may name.
    private static let maximumIDs = 1_000

    private func exportArchive(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: "") {
            try Self.requireOnly(["run_ids", "experiment_ids"], request.query.map(\.name))
            return try stream(.archive, fileExtension: "tar", type: "application/x-tar", request)
        }
    }

    private func exportTable(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: "") {
            try Self.requireOnly(["run_ids", "experiment_ids", "table", "format"], request.query.map(\.name))
            let rows = try Self.choice("table", of: request, .runs, named: ExportTable.Rows.self)
            let format = try Self.choice("format", of: request, .csv, named: ExportTable.Format.self)
            let type = format == .csv ? "text/csv; charset=utf-8" : "application/jsonl"
            return try stream(.table(rows, format), fileExtension: format.rawValue, type: type, request)
        }
    }

    private func stream(
        _ export: StreamedExport,
        fileExtension: String,
        type: String,
        _ request: HTTPRequest
    ) throws -> HTTPResponse {
        let subset = try Self.subset(request)
        let body = try exported(export, subset, for: request.caller)
        let disposition = "attachment; filename=\"\(Self.name(subset)).\(fileExtension)\""
        let headers = [
            ("Content-Type", type), ("Content-Disposition", disposition), ("Cache-Control", "no-store"),
        ]
        return try stream(body, headers: headers)
    }

    /// Returns the name of the exported file, without its extension.
    private static func name(_ subset: TransferSubset) -> String {
        switch subset {
        case .experiments(let ids) where ids.count == 1: "experiment-\(ids[0])"
        // A run id that a client has chosen may contain any characters, so it is used only if it is hexadecimal.
        case .runs(let ids) where ids.count == 1 && ids[0].allSatisfy({ $0.isASCII && $0.isHexDigit }): "run-\(ids[0])"
        default: "apus-export"
        }
    }

    /// Throws for a parameter that the call does not have.
    ///
    /// A misspelt parameter would otherwise be ignored, and the call would export everything.
    static func requireOnly(_ allowed: [String], _ names: [String]) throws(TrackingError) {
        guard let name = names.first(where: { !allowed.contains($0) }) else { return }
        let list = allowed.map { "'\($0)'" }.joined(separator: ", ")
        throw .invalidParameter("There is no parameter '\(shortened(name))'; the call has \(list).")
    }

    /// Returns the value of a query parameter that must be one of a few words; `defaultChoice` if the parameter is absent.
    private static func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ name: String,
        of request: HTTPRequest,
        _ defaultChoice: Choice,
        named: Choice.Type
    ) throws -> Choice {
        guard let text = request.query.last(where: { $0.name == name })?.value else { return defaultChoice }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")
            throw TrackingError.invalidParameter("'\(name)' must be \(choices).")
        }
        return choice
    }

    private static func subset(_ request: HTTPRequest) throws -> TransferSubset {
        func list(_ name: String) throws -> [String] {
            let values = request.query.filter { $0.name == name }.map(\.value)
            var seen: Set<ExactText> = []
            let ids = values.flatMap { $0.split(separator: ",") }.map(\.trimmingSpaces)
                .filter { !$0.isEmpty && seen.insert(ExactText($0)).inserted }
            guard values.isEmpty || !ids.isEmpty else {
                throw TrackingError.invalidParameter("'\(name)' is empty; give ids, or omit it to export all.")
            }
            guard ids.count <= maximumIDs else {
                throw TrackingError.invalidParameter(
                    "'\(name)' names \(ids.count) ids; at most \(maximumIDs) are allowed."
                )
            }
            return ids
        }
        let (runIDs, experimentIDs) = (try list("run_ids"), try list("experiment_ids"))
        guard runIDs.isEmpty || experimentIDs.isEmpty else {
            throw TrackingError.invalidParameter("Name either runs, in 'run_ids', or experiments, in 'experiment_ids'.")
        }
        if !runIDs.isEmpty { return .runs(runIDs) }
        if !experimentIDs.isEmpty { return .experiments(try experimentIDs.map { try parseExperimentID($0) }) }
        return .everything
    }

    /// Returns the file that the calls `export/archive` and `export/table` answer with.
    ///
    /// This function and the producer that it returns block.
    ///
    /// - Throws: `.resourceDoesNotExist` for an experiment or run that the subset names and that does not exist.
    package func exported(
        _ export: StreamedExport,
        _ subset: TransferSubset,
        for caller: Caller = .server
    ) throws -> any HTTPBodyProducer {
        switch export {
        case .archive: try ArchiveBody(subset, of: self, for: caller)
        case .table(let rows, let format): try TableBody(rows, format, subset, of: self, for: caller)
        }
    }

    /// Returns the id of the experiment with this id or, if there is none, of the experiment with this name; blocks on a read.
    ///
    /// - Throws: `.resourceDoesNotExist` if there is no such experiment.
    package func experimentID(idOrName text: String, for caller: Caller = .server) throws -> Int64 {
        try store.readNow(for: caller) { session in
            if let id = Int64(text), let found = try? session.experiment(id: id) { return found.id }
            return try session.experiment(named: text).id
        }
    }
}
