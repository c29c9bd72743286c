internal import SQLite

/// Reads a damaged database: the damaged rows are reported, and all other rows are emitted.
extension MLflowDatabase {
    static let damagedPageReason = "lies on a damaged page of the database"

    /// Returns the results of `read` for the rows of a query; a row with a value of a wrong type is reported and left out.
    ///
    /// - Parameter subject: returns the name of a row for messages.
    /// - Throws: the errors of the database, also those of damaged pages.
    func rows<Value>(
        _ sql: String,
        _ values: [ColumnValue],
        subject: (DatabaseRow) -> String,
        _ read: (DatabaseRow) throws(RowFault) -> Value
    ) throws -> [Value] {
        var found: [Value] = []
        try reader.forEachRow(sql, values) { row in
            if let value = self.value(of: row, subject: subject, read) { found.append(value) }
        }
        return found
    }

    /// Returns the result of `read` for a row; if a value of the row has a wrong type, reports the row and returns nil.
    private func value<Value>(
        of row: DatabaseRow,
        subject: (DatabaseRow) -> String,
        _ read: (DatabaseRow) throws(RowFault) -> Value
    ) -> Value? {
        do throws(RowFault) {
            return try read(row)
        } catch {
            skippedParts.add(subject(row), error.description)
            return nil
        }
    }

    /// Returns the row ids that a query finds, which SQLite reads only from an index; reports damaged pages of the index.
    func rowIDs(_ sql: String, _ values: [ColumnValue], subject: String) throws -> [Int64] {
        var found: [Int64] = []
        try reportingDamage(subject) { try reader.forEachRow(sql, values) { found.append(try $0.integer(0)) } }
        return found
    }

    /// Runs `body`; if it fails because of a damaged page, reports that a part of the subject is missing.
    func reportingDamage(_ subject: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as SQLiteError where error.isDamage {
            skippedParts.add(subject, "a part of it \(Self.damagedPageReason)")
        }
    }

    /// Calls `body` with the result of `read` for each row of a table, which is read in pages.
    ///
    /// If a page of the database is damaged, the rows are read one by one by their row ids, which come from the index
    /// of the key. Only SQLite reports such damage.
    /// - Parameters:
    ///   - noun: the word for a row in messages, such as `run`.
    ///   - key: a column with its own index, whose value names the row in messages.
    ///   - columns: the columns that `read` gets, in this order.
    func forEachRow<Value>(
        of table: String,
        _ noun: String,
        key: String,
        columns: String,
        _ read: (DatabaseRow) throws(RowFault) -> Value,
        _ body: (Value) throws -> Void
    ) throws {
        let columns = "\(columns), \(table).\(key)"
        func subject(_ row: DatabaseRow) -> String { "\(noun) \(Self.name(of: row))" }
        do {
            let pages = try reader.pages(of: table, columns: columns)
            var hasMore = true
            while hasMore {
                var page: [Value] = []
                hasMore = try pages.next { row in
                    if let value = value(of: row, subject: subject, read) { page.append(value) }
                }
                for value in page { try body(value) }
            }
            return
        } catch let error as SQLiteError where error.isDamage {
            // `body` may have been called for some rows already. To call it for these rows again changes nothing.
        }
        let single = "SELECT \(columns), \(table).rowid FROM \(table) WHERE \(table).rowid = ?1"
        for (row, name) in try keys(of: table, noun, key) {
            var found: [Value] = []
            try reportingDamage("\(noun) \(name)") { found = try rows(single, [.integer(row)], subject: subject, read) }
            for value in found { try body(value) }
        }
    }

    /// Returns the name of a row for messages; the last two columns of the row must be its key and its row id.
    private static func name(of row: DatabaseRow) -> String {
        let (key, rowID) = (row.columnCount - 2, row.columnCount - 1)
        if let text = try? row.optionalText(key) { return text }
        if let number = try? row.optionalInteger(rowID) { return "of row \(number)" }
        return "of a row"
    }

    /// The readable row ids and keys of a table; SQLite reads them only from the index of the key.
    private func keys(of table: String, _ noun: String, _ key: String) throws -> [(Int64, String)] {
        var keys: [(Int64, String)] = []
        try reportingDamage("table \(table)") {
            try reader.forEachRow("SELECT rowid, \(key) FROM \(table)") { row in
                let number = try row.integer(0)
                keys.append((number, (try? row.text(1)) ?? "of row \(number)"))
            }
        }
        return keys
    }
}

extension SQLiteError {
    /// Whether the part of the file that was read is damaged; the rest may be intact.
    var isDamage: Bool { isCorrupt || isNotADatabase || code.rawValue == Self.shortRead }

    /// The advice if SQLite must write to the file before it can read the file; nil for other failures.
    var advice: String? {
        if code.rawValue == Self.readOnlyRollback {
            return
                "a program was killed while it wrote, so its last change must be undone before the file can be read. "
                + "Open the file, or a copy of it with its '-journal' file, with MLflow, and then import it."
        }
        guard code.primary == .cannotOpen else { return nil }
        return "\(message). If a log ('-wal') is beside the file, the folder must be writable: import a copy of both "
            + "files."
    }

    /// SQLITE_READONLY_ROLLBACK: a journal of an interrupted transaction must be rolled back.
    private static let readOnlyRollback: Int32 = 8 | (3 << 8)

    /// SQLITE_IOERR_SHORT_READ: the file ends before the page.
    private static let shortRead: Int32 = 10 | (2 << 8)
}
