/// The tables and columns that a database of MLflow has.
struct DatabaseColumns {
    private let columns: [String: Set<String>]

    init(_ columns: [String: Set<String>]) { self.columns = columns }

    func has(_ table: String) -> Bool { columns[table] != nil }

    func has(_ table: String, _ column: String) -> Bool { columns[table]?.contains(column) == true }

    /// The SQL name of a column, or another SQL expression if the table does not have the column.
    func expression(_ table: String, _ column: String, else replacement: String) -> String {
        has(table, column) ? "\(table).\(column)" : replacement
    }

    /// The SQL condition for rows of the default workspace; empty for a table without workspaces (before MLflow 3.10).
    func inDefaultWorkspace(_ table: String, _ keyword: String = "WHERE") -> String {
        has(table, "workspace") ? "\(keyword) \(table).workspace = 'default'" : ""
    }

    /// The tables whose rows Apus cannot store, with the names of these rows for messages.
    static let unsupportedTables: [(table: String, content: String)] = [
        ("trace_info", "traces"), ("assessments", "assessments of traces"),
        ("evaluation_datasets", "evaluation datasets"),
        ("scorers", "scorers"), ("webhooks", "webhooks"), ("secrets", "secrets of the gateway"),
        ("endpoints", "endpoints of the gateway"), ("label_schemas", "label schemas"),
        ("review_queues", "review queues"),
        ("mcp_servers", "MCP servers"), ("budget_policies", "budget policies"), ("guardrails", "guardrails"),
        ("jobs", "jobs"),
    ]
}
