/// The tables and columns that a database of MLflow has.
struct StockColumns {
    private let columns: [String: Set<String>]

    init(_ columns: [String: Set<String>]) {
        self.columns = columns
    }

    func has(_ table: String) -> Bool { columns[table] != nil }

    func has(_ table: String, _ column: String) -> Bool { columns[table]?.contains(column) == true }

    /// The column, or an SQL expression in its place where the table lacks it.
    func value(_ table: String, _ column: String, else expression: String) -> String {
        has(table, column) ? "\(table).\(column)" : expression
    }

    /// A condition for rows that a server without workspaces shows; they exist from 3.10 on.
    func inDefaultWorkspace(_ table: String, _ word: String = "WHERE") -> String {
        has(table, "workspace") ? "\(word) \(table).workspace = 'default'" : ""
    }

    /// Tables with things of people that Apus has no place for.
    static let leftTables: [(table: String, things: String)] = [
        ("trace_info", "traces"), ("assessments", "assessments of traces"),
        ("evaluation_datasets", "evaluation datasets"),
        ("scorers", "scorers"), ("webhooks", "webhooks"), ("secrets", "secrets of the gateway"),
        ("endpoints", "endpoints of the gateway"), ("label_schemas", "label schemas"),
        ("review_queues", "review queues"),
        ("mcp_servers", "MCP servers"), ("budget_policies", "budget policies"), ("guardrails", "guardrails"),
        ("jobs", "jobs"),
    ]
}
