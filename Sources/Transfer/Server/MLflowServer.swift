internal import Coding
internal import JSON
internal import Tracking

/// A running tracking server: MLflow's of version 2.9 or later, or Apus.
///
/// It is asked as MLflow's client would ask it. What one call refuses is reported and left out; everything else comes.
package struct MLflowServer: RecordSource {
    static let route = "/api/2.0/mlflow/"
    private static let experimentsPerPage = 500

    let calls: any ServerCalls
    private let version: String

    /// - Throws: `SourceFailure` where there is no such server.
    package init(_ calls: any ServerCalls) throws {
        self.calls = calls
        let answer = try calls.get("/version")
        let text = String(decoding: answer.body.prefix(40), as: UTF8.self)
        version = answer.status == 200 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : "unknown"
    }

    package var title: String { "server \(calls.address) (MLflow \(version))" }

    package func read(_ selection: TransferSelection, _ take: (TransferItem) throws -> Void) throws {
        // Locations that the server itself has on its disk are known by the folders of its experiments.
        var places = ArtifactPlaces(folder: "", given: nil)
        let all = try experiments()
        for experiment in all { places.note(experiment.artifactLocation, ofExperiment: String(experiment.id)) }
        let selected = all.filter { selection.includes($0) }
        for var experiment in selected {
            if !selection.leavesArtifacts {
                experiment.artifactLocation = places.movedLocation(experiment.artifactLocation)
            }
            try take(.record(.experiment(experiment)))
        }
        let homes = selected.map { TransferredHome(id: $0.id, name: $0.name) }
        let files = ServedFiles(calls: calls, places: places, isLeft: selection.leavesArtifacts)
        try readRuns(of: homes, files, selection, take)
        for home in homes { try readLoggedModels(of: home, files, selection, take) }
        if selection.includesRegistry { try readRegistry(places, selection, take) }
        try reportTraces(of: homes, take)
    }

    private func experiments() throws -> [Experiment] {
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
            // A server that asks who one is is one of MLflow's kind, and its message says what to do.
            let isKnown = refusal.status == 401 || refusal.status == 403
            let question = isKnown ? "" : " Is it a tracking server of MLflow, 2.9 or later?"
            throw SourceFailure("\(calls.address) does not list its experiments: \(refusal).\(question)")
        } catch let error as TrackingError {
            throw SourceFailure("\(calls.address) lists an experiment that is not understood: \(error.message)")
        }
        return found
    }

    /// Asks for a list and passes on its pages, one after another.
    ///
    /// - Parameter members: writes the request, without a token.
    func forEachPage(
        of list: String,
        _ members: (inout JSONWriter) -> Void,
        body: (JSONValue) throws -> Void
    ) throws {
        var token = ""
        var pages = ListedPages()
        while true {
            var writer = JSONWriter()
            writer.beginObject()
            members(&writer)
            if !token.isEmpty { writer.member("page_token", token) }
            writer.endObject()
            let page = try pages.next(calls.post(Self.route + list, json: writer.takeBytes()))
            try body(page)
            guard try pages.advance(&token, page) else { return }
        }
    }

    /// Asks for a list with `GET`, and passes on its pages.
    ///
    /// - Parameter query: without a token.
    func forEachPage(of list: String, query: String, body: (JSONValue) throws -> Void) throws {
        var token = ""
        var pages = ListedPages()
        while true {
            let suffix = token.isEmpty ? "" : "&page_token=\(PercentCoding.encode(token))"
            let page = try pages.next(calls.get("\(Self.route)\(list)?\(query)\(suffix)"))
            try body(page)
            guard try pages.advance(&token, page) else { return }
        }
    }

    /// Runs `body`, and reports what it throws about one thing of the server.
    ///
    /// - Throws: `SourceFailure`, and what `take` throws.
    func reporting(_ place: String, _ take: (TransferItem) throws -> Void, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let refusal as RefusedCall {
            try take(.skipped(place, refusal.description))
        } catch let error as TrackingError {
            try take(.skipped(place, "its answer is not understood: \(error.message)"))
        }
    }

    /// Traces have no place here, so that the person must know of them.
    private func reportTraces(of homes: [TransferredHome], _ take: (TransferItem) throws -> Void) throws {
        for home in homes {
            var writer = JSONWriter()
            writer.beginObject()
            writer.memberArray("locations") { writer in
                writer.beginObject()
                writer.member("type", "MLFLOW_EXPERIMENT")
                writer.memberObject("mlflow_experiment") { $0.member("experiment_id", String(home.id)) }
                writer.endObject()
            }
            writer.member("max_results", 1)
            writer.endObject()
            var answer = try calls.post("/api/3.0/mlflow/traces/search", json: writer.takeBytes())
            if answer.status != 200 {
                answer = try calls.get("\(Self.route)traces?experiment_ids=\(home.id)&max_results=1")
            }
            // Where neither call is there, there are no traces.
            guard answer.status == 200 else { return }
            guard let traces = try? answer.root()["traces"], traces.count > 0 else { continue }
            try take(.skipped("experiment \(home.id)", "it has traces, which Apus does not keep"))
        }
    }
}

/// The pages of one list, so far as they are known.
private struct ListedPages {
    /// The most pages that a list may have without anything new on them.
    private static let maximumRepeated = 100

    private var seen: Set<Int> = []
    private var repeated = 0

    /// The document of the next page.
    ///
    /// - Throws: `RefusedCall` where the list has no end.
    mutating func next(_ answer: ServerAnswer) throws -> JSONValue {
        let page = try answer.root()
        var hasher = Hasher()
        // The token of the next page may be another one each time.
        for (key, value) in page.members where key != "next_page_token" {
            value.rawBytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        if !seen.insert(hasher.finalize()).inserted { repeated += 1 }
        guard repeated < Self.maximumRepeated else {
            throw RefusedCall(unusable: "its list does not end: \(repeated) pages had nothing new")
        }
        return page
    }

    /// Goes to the next page; false after the last.
    func advance(_ token: inout String, _ page: JSONValue) throws(RefusedCall) -> Bool {
        let next = page["next_page_token"]?.string ?? ""
        guard next.isEmpty || !next.isExactly(token) else {
            throw RefusedCall(unusable: "its list does not end: each page names the same next one")
        }
        token = next
        return !next.isEmpty
    }
}
