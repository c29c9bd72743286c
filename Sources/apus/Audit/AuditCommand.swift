internal import ArgumentParser
internal import Coding
internal import Glibc
internal import JSON
internal import MLflowAPI
internal import MLflowClient
internal import Tracking
internal import Transfer

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "List or export who changed what, when and from where, the newest first.",
        discussion: """
            Shows changes of experiments, runs, models, artifacts and tokens, permanent removals, imports, backups, log-ins \
            and starts of the server. Metrics, params and tags that are logged to runs are not shown. If no server uses the \
            data folder, the command opens it; otherwise it asks that server.
            """,
        helpNames: .long
    )

    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
        case table, jsonl, csv
    }

    @Argument(help: ArgumentHelp("The same as --tracking-uri.", valueName: "uri")) var uri: String?

    @Option(
        help: ArgumentHelp(
            "Only entries from this time on: a day, 2026-11-29T08:00Z or Unix milliseconds.",
            valueName: "time"
        )
    )
    var since: PointInTime?

    @Option(help: ArgumentHelp("Only entries before this time.", valueName: "time"))
    var until: PointInTime?

    @Option(
        help: ArgumentHelp(
            "Only actions of the token or user with this name; or anyone, command or server for actions of these.",
            valueName: "name"
        )
    )
    var actor: String?

    @Option(
        help: "Only this action, such as runs/delete; or, for a text such as runs/, all actions that begin with it."
    )
    var action: String?

    @Option(
        help: ArgumentHelp(
            "Only actions on this run, experiment (and what is in it), model, token, user or path.",
            valueName: "id"
        )
    )
    var resource: String?

    @Option(help: ArgumentHelp("Only requests from this network address.", valueName: "address"))
    var address: String?

    @Option(help: "The output: a table for people, or entries with all fields as JSON lines or CSV.")
    var format: Format = .table

    @Option(
        help: ArgumentHelp(
            "The largest number of entries to print. (default: 100 for a table, else all)",
            valueName: "number"
        )
    )
    var limit: Int?

    @OptionGroup var data: DataOptions

    func validate() throws {
        guard uri == nil || data.trackingUri == nil else {
            throw ValidationError("Give the server either as an argument or by --tracking-uri.")
        }
        guard limit.map({ $0 > 0 }) ?? true else { throw ValidationError("--limit must be at least 1.") }
    }

    func run() throws { try data.withAccountStore(uri: uri, list) }

    private func list(_ store: AccountStore) throws {
        var remaining = limit ?? (format == .table ? 100 : .max)
        if format == .csv { StandardStream.output.write(AuditLine.csvHeading) }
        var hasEntries = false
        var query = AuditQuery(maxResults: min(remaining, Self.maximumPageEntries))
        (query.since, query.until) = (since?.milliseconds, until?.milliseconds)
        (query.actor, query.action, query.resourceID, query.address) = (actor, action, resource, address)
        repeat {
            query.maxResults = min(remaining, Self.maximumPageEntries)
            let page = try page(query, of: store)
            write(page.entries)
            hasEntries = hasEntries || !page.entries.isEmpty
            remaining -= page.entries.count
            query.pageToken = page.nextPageToken
        } while query.pageToken != nil && remaining > 0
        if !hasEntries { StandardStream.error.write("apus: no entries") }
        if remaining == 0, query.pageToken != nil, limit == nil {
            StandardStream.error.write("apus: there are more entries; --limit shows them")
        }
    }

    private static let maximumPageEntries = 1_000

    private func page(_ query: AuditQuery, of store: AccountStore) throws -> AuditPage {
        switch store {
        case .database(let api): return try api.auditPage(query)
        case .server(let server):
            let answer = try server.json("audit/list?" + Self.queryString(query))
            guard let entries = answer["entries"]?.elements.map({ AuditEntry($0) }) else {
                throw StartFailure("The server at \(server.client.uri) has answered without entries.")
            }
            return AuditPage(entries: entries.compactMap(\.self), nextPageToken: answer["next_page_token"]?.string)
        }
    }

    private static func queryString(_ query: AuditQuery) -> String {
        let fields: [(String, String?)] = [
            ("since", query.since.map { String($0) }), ("until", query.until.map { String($0) }),
            ("actor", query.actor), ("action", query.action), ("resource_id", query.resourceID),
            ("address", query.address), ("page_token", query.pageToken),
            ("max_results", String(query.maxResults)),
        ]
        return fields.compactMap { name, value in value.map { "\(name)=\(PercentCoding.encode($0))" } }
            .joined(separator: "&")
    }

    private func write(_ entries: [AuditEntry]) {
        guard !entries.isEmpty else { return }
        let lines = entries.map { entry in
            switch format {
            case .table: AuditLine.text(entry)
            case .csv: AuditLine.csv(entry)
            case .jsonl: AuditLine.json(entry)
            }
        }
        StandardStream.output.write(lines.joined(separator: "\n"))
    }
}

/// Formats an entry as JSON, CSV or text.
enum AuditLine {
    static let csvHeading =
        "id,time,actor_kind,actor,address,action,resource_kind,resource_id,detail,outcome,count"

    static func json(_ entry: AuditEntry) -> String {
        var writer = JSONWriter(capacity: 256)
        writer.write(entry)
        return String(decoding: writer.takeBytes(), as: UTF8.self)
    }

    static func csv(_ entry: AuditEntry) -> String {
        var line: [UInt8] = []
        CSVLine.append(to: &line) { cells in
            cells.int(entry.id)
            cells.text(UnixTime.exact(entry.time))
            cells.text(entry.actor.kind.name)
            cells.text(withoutFormula(entry.actor.name))
            cells.text(entry.address)
            cells.text(entry.action)
            cells.text(entry.resource.kind.name)
            cells.text(withoutFormula(entry.resource.id))
            cells.text(entry.detail)
            cells.text(entry.isRefused ? "refused" : "done")
            cells.int(entry.count)
        }
        return String(decoding: line.dropLast(), as: UTF8.self)
    }

    /// Adds an apostrophe before a text that a spreadsheet would run as a formula; any client may have chosen the text.
    private static func withoutFormula(_ text: String) -> String {
        guard let first = text.utf8.first, "=+-@\t\r".utf8.contains(first) else { return text }
        return "'" + text
    }

    /// The line of the table for people.
    static func text(_ entry: AuditEntry) -> String {
        var parts = [UnixTime.text(entry.time), entry.actor.kind.name]
        if !entry.actor.name.isEmpty { parts[1] += " '\(entry.actor.name)'" }
        if !entry.address.isEmpty { parts[1] += " at \(entry.address)" }
        parts.append(entry.action)
        if entry.isRefused { parts[2] += entry.count == 1 ? " refused" : " refused \(entry.count) times" }
        if entry.resource.kind != .server { parts.append("\(entry.resource.kind.name) \(entry.resource.id)") }
        if !entry.detail.isEmpty { parts.append(entry.detail) }
        return parts.map { $0.printable(limit: 1_000) }.joined(separator: "  ")
    }
}

extension AuditEntry {
    /// Reads an entry from a server's answer; nil if the JSON is not an entry.
    fileprivate init?(_ json: JSONValue) {
        let kind = AuditActor.Kind.allCases.first { $0.name == json["actor"]?["kind"]?.string }
        let resource = AuditResource.Kind.allCases.first { $0.name == json["resource"]?["kind"]?.string }
        guard let kind, let resource, let action = json["action"]?.string,
            let id = json["id"]?.string.flatMap({ Int64($0) })
        else { return nil }
        self.init(
            actor: AuditActor(kind, json["actor"]?["name"]?.string ?? ""),
            address: json["address"]?.string ?? "",
            action: action,
            resource: AuditResource(resource, json["resource"]?["id"]?.string ?? "")
        )
        self.id = id
        if let detail = json["detail"] {
            describe(detail.members.map { ($0.key, $0.value.string ?? $0.value.canonicalText) })
        }
        isRefused = json["outcome"]?.string == "refused"
        count = json["count"]?.int64 ?? 1
    }
}
