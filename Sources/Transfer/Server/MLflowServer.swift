internal import Coding
internal import JSON
internal import Tracking

/// A running tracking server: MLflow 2.9 or later, or Apus.
///
/// The server is read with the calls of MLflow's client. An item whose call is refused is reported and skipped;
/// everything else is imported.
package struct MLflowServer: RecordSource {
    static let route = "/api/2.0/mlflow/"
    private static let experimentsPerPage = 500

    let client: any ServerCalls
    private let version: String

    /// - Throws: `SourceFailure` if the server does not answer.
    package init(_ client: any ServerCalls) throws {
        self.client = client
        let answer = try client.get("/version")
        let text = String(decoding: answer.body.prefix(40), as: UTF8.self)
        version = answer.status == 200 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : "unknown"
    }

    package var title: String { "server \(client.address) (MLflow \(version))" }

    package func read(_ selection: TransferSelection, _ emit: (TransferItem) throws -> Void) throws {
        // The locations of the experiments show which folder of the server's disk is its artifact root.
        var finder = ArtifactFinder(folder: "", namedFolder: nil)
        let all = try fetchExperiments()
        for experiment in all {
            finder.learnRoot(from: experiment.artifactLocation, ofExperiment: String(experiment.id))
        }
        let selected = all.filter { selection.includes($0) }
        for var experiment in selected {
            if !selection.skipsArtifacts {
                experiment.artifactLocation = finder.movedLocation(experiment.artifactLocation)
            }
            try emit(.record(.experiment(experiment)))
        }
        let sourceExperiments = selected.map { SourceExperiment(id: $0.id, name: $0.name) }
        let files = ServedFiles(client: client, finder: finder, skipsArtifacts: selection.skipsArtifacts)
        try readRuns(of: sourceExperiments, files, selection, emit)
        for sourceExperiment in sourceExperiments { try readLoggedModels(of: sourceExperiment, files, selection, emit) }
        if selection.includesRegistry { try readRegistry(finder, selection, emit) }
        try reportTraces(of: sourceExperiments, emit)
    }

    private func fetchExperiments() throws -> [Experiment] {
        var found: [Experiment] = []
        do {
            try forEachPage(of: "experiments/search") { writer in
                writer.member("view_type", "ALL")
                writer.member("max_results", Self.experimentsPerPage)
                writer.memberArray("order_by") { $0.string("creation_time ASC") }
            } body: { page in
                for value in page["experiments"].map({ Array($0.elements) }) ?? [] {
                    found.append(try Experiment(mlflow: RecordFields(value, "experiment")))
                }
            }
        } catch let refusal as RefusedCall {
            // A server that requires credentials is probably a tracking server, and its message says what to do.
            let needsCredentials = refusal.status == 401 || refusal.status == 403
            let question = needsCredentials ? "" : " Is it a tracking server of MLflow, 2.9 or later?"
            throw SourceFailure("\(client.address) does not list its experiments: \(refusal).\(question)")
        } catch let error as TrackingError {
            throw SourceFailure("\(client.address) lists an experiment that is not understood: \(error.message)")
        }
        return found
    }

    /// Requests a list with `POST` and calls `body` with its pages, one after another.
    ///
    /// - Parameter members: writes the members of the request, except for the page token.
    func forEachPage(of list: String, _ members: (inout JSONWriter) -> Void, body: (JSONValue) throws -> Void) throws {
        try forEachPage(body) { token in
            var writer = JSONWriter()
            writer.beginObject()
            members(&writer)
            if !token.isEmpty { writer.member("page_token", token) }
            writer.endObject()
            return try client.post(Self.route + list, json: writer.takeBytes())
        }
    }

    /// Requests a list with `GET` and calls `body` with its pages, one after another.
    ///
    /// - Parameter query: the query without a page token.
    func forEachPage(of list: String, query: String, body: (JSONValue) throws -> Void) throws {
        try forEachPage(body) { token in
            let suffix = token.isEmpty ? "" : "&page_token=\(PercentCoding.encode(token))"
            return try client.get("\(Self.route)\(list)?\(query)\(suffix)")
        }
    }

    /// - Parameter request: requests the page with a token; receives an empty token for the first page.
    private func forEachPage(_ body: (JSONValue) throws -> Void, request: (String) throws -> ServerAnswer) throws {
        var token = ""
        var pages = ListedPages()
        while true {
            let page = try pages.next(request(token))
            try body(page)
            guard try pages.advance(&token, page) else { return }
        }
    }

    /// Runs `body`; if the call for an item is refused, or its answer is not understood, reports the item as skipped.
    ///
    /// - Throws: `SourceFailure`, and what `emit` throws.
    func reporting(_ subject: String, _ emit: (TransferItem) throws -> Void, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let refusal as RefusedCall {
            try emit(.skipped(subject, refusal.description))
        } catch let error as TrackingError {
            try emit(.skipped(subject, "its answer is not understood: \(error.message)"))
        }
    }

    /// Reports the experiments that have traces, because Apus does not store traces.
    private func reportTraces(of sourceExperiments: [SourceExperiment], _ emit: (TransferItem) throws -> Void) throws {
        for sourceExperiment in sourceExperiments {
            var writer = JSONWriter()
            writer.beginObject()
            writer.memberArray("locations") { writer in
                writer.beginObject()
                writer.member("type", "MLFLOW_EXPERIMENT")
                writer.memberObject("mlflow_experiment") { $0.member("experiment_id", String(sourceExperiment.id)) }
                writer.endObject()
            }
            writer.member("max_results", 1)
            writer.endObject()
            var answer = try client.post("/api/3.0/mlflow/traces/search", json: writer.takeBytes())
            if answer.status != 200 {
                answer = try client.get("\(Self.route)traces?experiment_ids=\(sourceExperiment.id)&max_results=1")
            }
            // A server without these calls has no traces.
            guard answer.status == 200 else { return }
            guard let traces = try? answer.parsedObject()["traces"], traces.count > 0 else { continue }
            try emit(.skipped("experiment \(sourceExperiment.id)", "it has traces, which Apus does not store"))
        }
    }
}

/// The pages of one list that have been read, to detect a list that repeats its pages.
private struct ListedPages {
    /// The number of repeated pages after which a list counts as endless.
    private static let maximumRepetitions = 100

    private var seen: Set<Int> = []
    private var repeatedCount = 0

    /// Parses the next page.
    ///
    /// - Throws: `RefusedCall` if the list repeats its pages and so has no end.
    mutating func next(_ answer: ServerAnswer) throws -> JSONValue {
        let page = try answer.parsedObject()
        var hasher = Hasher()
        // The token is left out, because a repeated page may have a new one.
        for (key, value) in page.members where key != "next_page_token" {
            value.rawBytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        if !seen.insert(hasher.finalize()).inserted { repeatedCount += 1 }
        guard repeatedCount < Self.maximumRepetitions else {
            throw RefusedCall(unusable: "its list does not end: \(repeatedCount) pages had nothing new")
        }
        return page
    }

    /// Sets the token of the next page; returns false after the last page.
    func advance(_ token: inout String, _ page: JSONValue) throws(RefusedCall) -> Bool {
        let next = page["next_page_token"]?.string ?? ""
        guard next.isEmpty || !next.isExactly(token) else {
            throw RefusedCall(unusable: "its list does not end: each page names the same next page")
        }
        token = next
        return !next.isEmpty
    }
}
