internal import SQLite

/// Reading on behind what is damaged: it is reported, and everything else comes.
extension StockDatabase {
    static let damagedPage = "lies on a damaged page of the database"

    /// Passes on what `read` makes of each row of a query; a row that is not as it should be is reported.
    ///
    /// - Parameter place: what a row is, for a person, made of the row.
    /// - Throws: the failures of the database, also those of damaged pages.
    func rows<Value>(
        _ sql: String,
        _ values: [ColumnValue],
        place: (StockRow) -> String,
        _ read: (StockRow) throws(RowFault) -> Value
    ) throws -> [Value] {
        var found: [Value] = []
        try reader.forEachRow(sql, values) { row in
            if let value = self.value(of: row, place: place, read) { found.append(value) }
        }
        return found
    }

    /// Returns the result of `read` for a row; if a value of the row has a wrong type, reports the row and returns nil.
    private func value<Value>(
        of row: StockRow,
        place: (StockRow) -> String,
        _ read: (StockRow) throws(RowFault) -> Value
    ) -> Value? {
        do throws(RowFault) {
            return try read(row)
        } catch {
            passedOver.note(place(row), error.description)
            return nil
        }
    }

    /// Row ids that a query of them alone finds, in an index; those of damaged pages of the index are reported as missing.
    func rowIDs(_ sql: String, _ values: [ColumnValue], place: String) throws -> [Int64] {
        var found: [Int64] = []
        try reportingDamage(place) { try reader.forEachRow(sql, values) { found.append(try $0.integer(0)) } }
        return found
    }

    /// Runs `body`; what damaged pages keep it from reading is reported for the place.
    func reportingDamage(_ place: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as SQLiteError where error.isDamage {
            passedOver.note(place, "a part of it \(Self.damagedPage)")
        }
    }

    /// Passes on the rows of a table, one page of rows after another.
    ///
    /// If a page of the database is damaged, the rows are read one by one by their row ids, which come from the index of the
    /// key. Only SQLite reports such damage.
    /// - Parameters:
    ///   - key: a column with an index of its own, which names the row for a person.
    ///   - columns: what `read` gets, from its first column on.
    func forEachRow<Value>(
        of table: String,
        _ noun: String,
        key: String,
        columns: String,
        _ read: (StockRow) throws(RowFault) -> Value,
        _ body: (Value) throws -> Void
    ) throws {
        let columns = "\(columns), \(table).\(key)"
        func place(_ row: StockRow) -> String { "\(noun) \(Self.name(of: row))" }
        do {
            let pages = try reader.pages(of: table, columns: columns)
            var hasMore = true
            while hasMore {
                var page: [Value] = []
                hasMore = try pages.next { row in
                    if let value = value(of: row, place: place, read) { page.append(value) }
                }
                for value in page { try body(value) }
            }
            return
        } catch let error as SQLiteError where error.isDamage {
            // Rows of the broken page may have been read, and are read again: those before them were passed on.
        }
        let single = "SELECT \(columns), \(table).rowid FROM \(table) WHERE \(table).rowid = ?1"
        for (row, name) in try keys(of: table, noun, key) {
            var found: [Value] = []
            try reportingDamage("\(noun) \(name)") {
                found = try rows(single, [.integer(row)], place: place, read)
            }
            for value in found { try body(value) }
        }
    }

    /// Returns the name of a row for messages; the last two columns of the row must be its key and its row id.
    private static func name(of row: StockRow) -> String {
        let (name, number) = (row.columnCount - 2, row.columnCount - 1)
        if let text = try? row.optionalText(name) { return text }
        if let number = try? row.optionalInteger(number) { return "of row \(number)" }
        return "of a row"
    }

    /// The row ids of a table and their keys, as far as they can be read; SQLite reads them from the key's index alone.
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
    /// Whether the file is damaged where it was read; the rest of it may be sound.
    var isDamage: Bool { isCorrupt || isNotADatabase || code.rawValue == Self.shortRead }

    /// What to do about a file that SQLite must write to before it can read it; nil for other failures.
    var advice: String? {
        if code.rawValue == Self.needsRollback {
            return
                "a program was killed while it wrote, and its last change must be undone, which writes to the file. Let MLflow "
                + "open it, or a copy of it with its '-journal', and import that."
        }
        guard code.primary == .cannotOpen else { return nil }
        return "\(message). If it has a log ('-wal'), its folder must be writable: import a copy of both files."
    }

    /// SQLITE_READONLY_ROLLBACK: there is a hot journal.
    private static let needsRollback: Int32 = 8 | (3 << 8)

    /// SQLITE_IOERR_SHORT_READ: the file ends before the page.
    private static let shortRead: Int32 = 10 | (2 << 8)
}
