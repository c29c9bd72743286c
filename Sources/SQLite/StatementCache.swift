/// The statements that were used last, by their SQL text.
struct StatementCache {
    private var statements: [String: Statement] = [:]
    private var useCount: UInt64 = 0
    private let capacity: Int

    init(capacity: Int) {
        precondition(capacity > 0, "capacity must be at least 1, got \(capacity)")
        self.capacity = capacity
    }

    mutating func statement(for sql: String) -> Statement? {
        guard let statement = statements[sql] else { return nil }
        useCount &+= 1
        statement.lastUse = useCount
        return statement
    }

    /// Adds a statement; a full cache first removes the one whose last use is the oldest.
    mutating func insert(_ statement: Statement, for sql: String) {
        if statements.count >= capacity, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            statements[oldest.key] = nil
        }
        useCount &+= 1
        statement.lastUse = useCount
        statements[sql] = statement
    }

    mutating func removeAll() { statements.removeAll() }
}
