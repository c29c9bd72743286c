internal import Budgets
internal import Filter
internal import HTTPServer
package import HTTPWire
internal import Tracking

extension MLflowAPI {
    /// The call that exports runs as an HTML file that opens without a server; `docs/own-calls.md` describes it.
    var exportEndpoints: [[Endpoint]] {
        let access = Access.search(.runs("run_ids"), .experiments)
        return [endpoint(.post, .apus, "export/html", access, handler: .blocking(exportPages))]
    }

    private func exportPages(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: "") {
            let body = try exportedPages(try ExportSelection(try RequestMessage(request)), for: request.caller)
            let headers = [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Disposition", "attachment; filename=\"apus-export.html\""),
                // The file is meant to be opened from a disk. Its scripts must not run with the rights of this server's pages.
                ("Content-Security-Policy", "sandbox; default-src 'none'"), ("Cache-Control", "no-store"),
            ]
            return try stream(body, headers: headers)
        }
    }

    /// Returns the file that the call `export/html` answers with.
    ///
    /// This function and the producer that it returns block.
    ///
    /// - Parameter requestBody: the body of the call.
    /// - Throws: the errors of the call; `exportRefusal` returns their messages.
    package func exportedPages(requestBody: [UInt8]) throws -> any HTTPBodyProducer {
        try exportedPages(try ExportSelection(try RequestMessage(parsing: requestBody, nil)), for: .server)
    }

    /// Returns the message for an error of `exportedPages`; nil for an error that no client can cause.
    package func exportRefusal(_ error: any Error) -> String? { APIError(error)?.message }

    private func exportedPages(_ selection: ExportSelection, for caller: Caller) throws -> ExportBody {
        try ExportBody(selection, of: self, for: caller)
    }
}

/// The runs to export, and whether their curves and artifacts are exported too.
enum ExportSelection: Sendable {
    /// Runs with their curves and artifacts.
    case runs([String])
    /// The table of a search, without curves and artifacts.
    case table(RunSearch)

    private static let maximumRuns = 100
    /// The maximum number of runs in a table; the newest runs are exported.
    private static let maximumRows = 1_000

    init(_ message: RequestMessage) throws {
        try MLflowAPI.requireOnly(["run_ids", "experiment_ids", "run_view_type", "filter"], message.names)
        let runIDs = try message.strings("run_ids") ?? []
        let experimentIDs = try message.strings("experiment_ids") ?? []
        guard runIDs.isEmpty != experimentIDs.isEmpty else {
            throw TrackingError.invalidParameter(
                "Name either runs, in 'run_ids', or an experiment, in 'experiment_ids'."
            )
        }
        guard !runIDs.isEmpty else {
            self = .table(try message.runSearch(maxResults: Self.maximumRows))
            return
        }
        var seen: Set<String> = []
        let uniqueRunIDs = runIDs.filter { seen.insert($0).inserted }
        guard uniqueRunIDs.count <= Self.maximumRuns else {
            throw TrackingError.invalidParameter(
                "'run_ids' names \(uniqueRunIDs.count) runs; one file can contain at most \(Self.maximumRuns)."
            )
        }
        self = .runs(uniqueRunIDs)
    }
}
