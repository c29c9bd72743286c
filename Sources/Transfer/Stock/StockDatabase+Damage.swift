internal import SQLite

/// Reading on behind what is damaged: it is reported, and everything else comes.
extension StockDatabase {
    private static let pageSize = 200
    static let damagedPage = "lies on a damaged page of the database"

    /// Passes on what `read` makes of each row of a query; a row that is not as it should be is reported.
    ///
    /// - Parameter place: what a row is, for a person, made of the row.
    /// - Throws: SQLite's failures, those of damaged pages too.
    func rows<Value>(
        _ select: Statement,
        place: (StockRow) -> String,
        _ read: (StockRow) throws(RowFault) -> Value
    ) throws -> [Value] {
        var values: [Value] = []
        try select.forEachRow { statement in
            let row = StockRow(statement)
            do throws(RowFault) {
                values.append(try read(row))
            } catch {
                passedOver.note(place(row), error.description)
            }
        }
        return values
    }

    /// Row ids that a query of them alone finds, in an index; those of damaged pages of the index are reported as missing.
    func rowIDs(_ select: Statement, place: String) throws -> [Int64] {
        var found: [Int64] = []
        try reportingDamage(place) { try select.forEachRow { found.append($0.int64(0)) } }
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

    /// Passes on the rows of a table, one page of rows after the other, each read at one moment.
    ///
    /// Where a page of the database is damaged, the rows are looked up one by one, by the key's index.
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
        let select = "SELECT \(columns), \(table).rowid, \(table).\(key) FROM \(table)"
        let page = try connection.prepare(
            "\(select) WHERE \(table).rowid > ?1 ORDER BY \(table).rowid LIMIT \(Self.pageSize)"
        )
        let (number, name) = (page.columnCount - 2, page.columnCount - 1)
        func place(_ row: StockRow) -> String {
            "\(noun) \((try? row.text(name)) ?? (try? row.integer(number)).map { "of row \($0)" } ?? "of a row")"
        }
        var last: Int64 = .min
        do {
            while true {
                try page.bind(last, at: 1)
                var count = 0
                let values = try rows(page, place: place) { row throws(RowFault) in
                    count += 1
                    last = try row.integer(number)
                    return try read(row)
                }
                for value in values { try body(value) }
                if count < Self.pageSize { return }
            }
        } catch let error as SQLiteError where error.isDamage {
            // Rows of the broken page may have been read, and are read again: those before them were passed on.
        }
        let single = try connection.prepare("\(select) WHERE \(table).rowid = ?1")
        for (row, name) in try keys(of: table, noun, key) {
            var found: [Value] = []
            try reportingDamage("\(noun) \(name)") {
                try single.bind(row, at: 1)
                found = try rows(single, place: place, read)
            }
            for value in found { try body(value) }
        }
    }

    /// The row ids of a table and their keys, as far as they can be read; SQLite reads them from the key's index alone.
    private func keys(of table: String, _ noun: String, _ key: String) throws -> [(Int64, String)] {
        var keys: [(Int64, String)] = []
        try reportingDamage("table \(table)") {
            let select = try connection.prepare("SELECT rowid, \(key) FROM \(table)")
            try select.forEachRow { keys.append(($0.int64(0), $0.string(1))) }
        }
        return keys
    }
}

/// A value by which rows are looked up.
protocol BoundValue {
    func bind(to statement: Statement) throws(SQLiteError)
}

extension Int64: BoundValue {
    func bind(to statement: Statement) throws(SQLiteError) { try statement.bind(self, at: 1) }
}

extension String: BoundValue {
    func bind(to statement: Statement) throws(SQLiteError) { try statement.bind(self, at: 1) }
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
