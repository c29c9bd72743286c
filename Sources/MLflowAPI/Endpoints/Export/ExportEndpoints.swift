internal import Budgets
internal import Filter
internal import HTTPServer
package import HTTPWire
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// What is shown as one file that opens without a server; `docs/own-calls.md` describes it.
    var exportEndpoints: [[Endpoint]] {
        let access = Access.search(.runs("run_ids"), .experiments)
        return [endpoint(.post, .apus, "export/html", access, handling: .blocking(exportPages))]
    }

    private func exportPages(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: "") {
            let body = try exportedPages(try ExportSelection(try RequestMessage(request)), for: request.caller)
            let headers = [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Disposition", "attachment; filename=\"apus-export.html\""),
                // It is to be opened from a disk: beneath this address nothing of it runs.
                ("Content-Security-Policy", "sandbox; default-src 'none'"), ("Cache-Control", "no-store"),
            ]
            return try stream(body, headers: headers)
        }
    }

    /// The file that the call `export/html` answers with.
    ///
    /// Blocks, as each of its pieces does.
    ///
    /// - Parameter question: the body of the call.
    /// - Throws: what the call refuses; `exportRefusal` has the words for it.
    package func exportedPages(question: [UInt8]) throws -> any HTTPBodyProducer {
        try exportedPages(try ExportSelection(try RequestMessage(parsing: question, nil)), for: .server)
    }

    /// The sentence for a client about an error of `exportedPages`; nil for one that no client can cause.
    package func exportRefusal(_ error: any Error) -> String? { APIError(error)?.message }

    private func exportedPages(_ selection: ExportSelection, for caller: Caller) throws -> ExportBody {
        try ExportBody(selection, of: self, for: caller)
    }
}

/// Which runs are exported, and how closely.
enum ExportSelection: Sendable {
    /// Runs with their curves and artifacts.
    case runs([String])
    /// The table of a search, without curves and artifacts.
    case table(RunSearch)

    private static let mostRuns = 100
    /// Runs of a table; the newest ones.
    private static let mostRows = 1_000

    init(_ message: RequestMessage) throws {
        try MLflowAPI.requireKnown(["run_ids", "experiment_ids", "run_view_type", "filter"], message.names)
        let runIDs = try message.strings("run_ids") ?? []
        let experimentIDs = try message.strings("experiment_ids") ?? []
        guard runIDs.isEmpty != experimentIDs.isEmpty else {
            throw TrackingError.invalidParameter(
                "Name either runs, in 'run_ids', or an experiment, in 'experiment_ids'."
            )
        }
        guard !runIDs.isEmpty else {
            self = .table(try message.runSearch(maxResults: Self.mostRows))
            return
        }
        var seen: Set<String> = []
        let different = runIDs.filter { seen.insert($0).inserted }
        guard different.count <= Self.mostRuns else {
            throw TrackingError.invalidParameter(
                "'run_ids' names \(different.count) runs; one file holds at most \(Self.mostRuns)."
            )
        }
        self = .runs(different)
    }
}
