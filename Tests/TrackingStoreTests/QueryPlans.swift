import SQLite

/// The plan steps that scan a whole table, except `json_each` over a page's own ids, and bounded counts.
func tableWalks(_ plans: [String]) -> [String] {
    plans.flatMap { $0.split(separator: "\n").map(String.init) }
        .filter {
            $0.hasPrefix("SCAN") && !$0.contains("VIRTUAL TABLE") && !$0.contains("CONSTANT ROW")
                && !$0.contains("(subquery")
        }
}

/// The query plans of all cached statements of the connection, one step per line.
func queryPlans(of connection: Connection) throws -> [String] {
    let statements = try connection.prepare("SELECT sql FROM sqlite_stmt WHERE sql NOT LIKE '%sqlite_stmt%'")
        .map { $0.string(0) }
        .filter { ["SELECT", "UPDATE", "DELETE", "INSERT", "WITH"].contains($0.prefix { !$0.isWhitespace }) }
    return try statements.filter { !$0.contains("run_id FROM runs LIMIT 1") && !$0.contains("'Default'") }.map {
        sql in
        try connection.prepare("EXPLAIN QUERY PLAN \(sql)").map { $0.string(3) }.joined(separator: "\n")
    }
}
