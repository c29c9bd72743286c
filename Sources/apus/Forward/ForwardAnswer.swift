internal import JSON

/// A server's answer about its upstream and the states of its runs, collected from all pages.
struct ForwardAnswer {
    /// The first page, which also has the facts about the upstream.
    private let first: JSONValue
    /// The states of the runs on all pages.
    private let runs: [JSONValue]

    /// Fetches all pages from a server.
    ///
    /// - Parameter runIDs: the runs to ask for; empty for all runs.
    init(of server: ServerConnection, runs runIDs: [String]) throws {
        var pages: [JSONValue] = []
        var token: String?
        repeat {
            let body = JSONWriter.object { writer in
                writer.member("max_results", 1_000)
                writer.member("page_token", ifPresent: token)
                writer.member("run_ids", strings: runIDs.isEmpty ? nil : runIDs)
            }
            let page = try server.json("forward/status", body)
            pages.append(page)
            token = page["next_page_token"]?.string
        } while token != nil
        first = pages[0]
        runs = pages.flatMap { page in page["run_states"].map { Array($0.elements) } ?? [] }
    }

    /// Whether the upstream has all data: nothing waits to be sent, no part is missing there, and none of `runs` has failed.
    var isCurrent: Bool {
        first["current"]?.bool == true && first["omission_count"]?.int64 == 0
            && !runs.contains { $0["state"]?.string == "failed" }
    }

    /// One JSON object in the form of a page, with the runs of all pages.
    var json: String {
        JSONWriter.objectText { writer in
            for (key, value) in first.members where key != "next_page_token" && key != "run_states" {
                writer.key(key)
                writer.raw(value.rawBytes)
            }
            writer.memberArray("run_states") { writer in for run in runs { writer.raw(run.rawBytes) } }
        }
    }

    /// Prints the answer as lines.
    ///
    /// - Parameter includesSent: whether to print also the runs of which the upstream has all data.
    func show(includesSent: Bool) {
        let backlog = Amount.text(first["backlog_runs"]?.int64 ?? 0, "run")
        let bytes = Amount.bytes(first["backlog_artifact_bytes"]?.int64 ?? 0)
        var line = "upstream \(first["upstream"]?.string ?? ""): \(backlog) and \(bytes) of files wait to be sent"
        if first["comparing"]?.bool == true { line += "; comparing" }
        if let failure = first["failure"]?["message"]?.string { line += "; \(failure)" }
        StandardStream.output.write(line)
        for run in runs {
            let state = run["state"]?.string ?? ""
            guard includesSent || state != "sent" else { continue }
            let points = "\(run["sent_points"]?.int64 ?? 0) of \(run["points"]?.int64 ?? 0) points"
            let reason = run["reason"]?.string.map { ": \($0)" } ?? ""
            StandardStream.output.write("\(state) \(run["run_id"]?.string ?? "") \(points)\(reason)")
        }
        show("waiting ", first["postponed"])
        show("not there: ", first["omissions"])
        let listed = first["omissions"].map { Array($0.elements).count } ?? 0
        let unlisted = (first["omission_count"]?.int64 ?? 0) - Int64(listed)
        if unlisted > 0 { StandardStream.output.write("not there: \(Amount.text(unlisted, "other part"))") }
        show("note: ", first["notes"])
    }

    private func show(_ prefix: String, _ items: JSONValue?) {
        for item in items.map({ Array($0.elements) }) ?? [] {
            let parts = ["subject", "part", "reason"].map { item[$0]?.string ?? "" }
            StandardStream.output.write("\(prefix)\(parts[0]), \(parts[1]): \(parts[2])")
        }
    }
}
