internal import CPostgreSQL
internal import Dispatch
internal import Threads

/// One connection to a PostgreSQL database, whose session uses UTF-8 and UTC.
///
/// Only one thread at a time may use a connection. Each call blocks until the server answers, or until the operating
/// system gives up a dead connection.
package final class PostgresConnection {
    /// The URI of the connection for messages, without the password: `postgresql://ana@db.lab:5432/mlflow`.
    package let displayURI: String

    /// nil after `close()`.
    private var raw: OpaquePointer?
    /// The names of the prepared statements by their SQL text.
    private var statementNames: [String: String] = [:]
    /// Whether `forEachRow` is reading the rows of a query.
    private var isBusy = false

    private static let maximumPreparedStatements = 128
    /// The longest time that the server may take to accept a cancel request.
    private static let cancelTimeout = Duration.seconds(5)
    /// The most bytes that are passed to libpq in one call during COPY.
    private static let copyPieceBytes = 262_144

    /// Connects; blocks for at most `connect_timeout`, by default ten seconds, for each host of the address.
    ///
    /// - Parameter applicationName: the name of the connection in the view `pg_stat_activity`.
    package init(_ address: PostgresAddress, applicationName: String) throws(PostgresError) {
        let raw = try Self.open(address, applicationName) { raw in raw }
        self.raw = raw
        displayURI = Self.displayURI(raw)
        try execute("SET TIME ZONE 'UTC'")
    }

    deinit { close() }

    /// Closes the connection, and thereby rolls back an open transaction; does nothing if it is closed already.
    package func close() {
        guard let closing = raw else { return }
        raw = nil
        apus_PQfinish(closing)
    }

    /// Runs a script of any number of statements, and discards the rows that they return.
    ///
    /// Outside of a transaction, the whole script runs in one transaction of its own.
    package func execute(_ script: String) throws(PostgresError) {
        let raw = try idleConnection()
        let result = apus_PQexec(raw, script)
        defer { apus_PQclear(result) }
        try check(result, on: raw, script)
    }

    /// Runs a statement, and returns the number of rows that it changed or found.
    ///
    /// - Parameter values: the values of `$1`, `$2` and so on.
    @discardableResult
    package func run(_ sql: String, _ values: [PostgresValue] = []) throws(PostgresError) -> Int {
        let raw = try idleConnection()
        try send(sql, values, on: raw)
        return try finish(on: raw, sql)
    }

    /// Calls `body` for each row of a query as soon as the row arrives, so that memory holds a single row.
    ///
    /// `body` must not use the connection. If `body` throws, the query is cancelled.
    package func forEachRow(
        _ sql: String,
        _ values: [PostgresValue] = [],
        _ body: (PostgresRow) throws -> Void
    ) throws {
        let raw = try idleConnection()
        try send(sql, values, on: raw)
        _ = apus_PQsetSingleRowMode(raw)
        isBusy = true
        defer { isBusy = false }
        var failure: PostgresError?
        while let result = apus_PQgetResult(raw) {
            defer { apus_PQclear(result) }
            switch Int(apus_PQresultStatus(result)) {
            case Int(APUS_PQ_SINGLE_TUPLE):
                do {
                    try body(PostgresRow(result: result))
                } catch {
                    cancel(raw)
                    throw error
                }
            case Int(APUS_PQ_TUPLES_OK), Int(APUS_PQ_COMMAND_OK): break
            default: failure = failure ?? self.failure(result, on: raw, sql)
            }
        }
        if let failure { throw failure }
    }

    /// Returns the result of `body` for the first row; nil if the query finds no row.
    package func firstRow<Value>(
        _ sql: String,
        _ values: [PostgresValue] = [],
        _ body: (PostgresRow) throws -> Value
    ) throws -> Value? {
        var first: Value?
        try forEachRow(sql, values) { row in if first == nil { first = try body(row) } }
        return first
    }

    /// Adds rows to a table.
    ///
    /// - Parameter sql: `COPY table (columns) FROM STDIN`.
    package func copy(_ sql: String, _ rows: CopyRows) throws(PostgresError) {
        let raw = try idleConnection()
        let answer = apus_PQexec(raw, sql)
        defer { apus_PQclear(answer) }
        guard apus_PQresultStatus(answer) == APUS_PQ_COPY_IN else { return try check(answer, on: raw, sql) }
        var isSent = true
        rows.bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty, isSent {
                let piece = rest.prefix(Self.copyPieceBytes)
                let start = UnsafeRawBufferPointer(rebasing: piece).baseAddress
                isSent = apus_PQputCopyData(raw, start?.assumingMemoryBound(to: CChar.self), Int32(piece.count)) == 1
                rest = rest.dropFirst(piece.count)
            }
        }
        _ = apus_PQputCopyEnd(raw, isSent ? nil : "the rows could not be sent")
        try finish(on: raw, sql)
    }
}

extension PostgresConnection {
    /// Returns libpq's connection, on which no query is running.
    private func idleConnection() throws(PostgresError) -> OpaquePointer {
        guard let raw else { throw .closed }
        guard !isBusy else { throw PostgresError(.misuse, "the connection is in the middle of a query") }
        return raw
    }

    /// Sends a statement with its values; prepares the statement at its first use.
    private func send(_ sql: String, _ values: [PostgresValue], on raw: OpaquePointer) throws(PostgresError) {
        let written = try WrittenValues(values)
        let name = try statementName(for: sql, on: raw)
        let isSent = written.withPointers { pointers, sizes, formats, count in
            apus_PQsendQueryPrepared(raw, name, count, pointers, sizes, formats, 1)
        }
        guard isSent == 1 else { throw failure(nil, on: raw, sql) }
    }

    private func statementName(for sql: String, on raw: OpaquePointer) throws(PostgresError) -> String {
        if let name = statementNames[sql] { return name }
        if statementNames.count >= Self.maximumPreparedStatements {
            statementNames.removeAll()
            try execute("DEALLOCATE ALL")
        }
        let name = "s\(statementNames.count)"
        let result = apus_PQprepare(raw, name, sql, 0, nil)
        defer { apus_PQclear(result) }
        try check(result, on: raw, sql)
        statementNames[sql] = name
        return name
    }

    /// Reads all results of the sent statement, and returns the number of rows that it changed or found.
    @discardableResult
    private func finish(on raw: OpaquePointer, _ sql: String) throws(PostgresError) -> Int {
        var failure: PostgresError?
        var count = 0
        while let result = apus_PQgetResult(raw) {
            let status = Int(apus_PQresultStatus(result))
            if status == Int(APUS_PQ_COMMAND_OK) || status == Int(APUS_PQ_TUPLES_OK) {
                count += apus_PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
            } else {
                failure = failure ?? self.failure(result, on: raw, sql)
            }
            apus_PQclear(result)
            // If the connection is lost during a COPY, PQgetResult never returns NULL.
            if status == Int(APUS_PQ_COPY_IN) || apus_PQstatus(raw) == APUS_PQ_CONNECTION_BAD { break }
        }
        if let failure { throw failure }
        return count
    }

    private func check(_ result: OpaquePointer?, on raw: OpaquePointer, _ sql: String) throws(PostgresError) {
        switch Int(apus_PQresultStatus(result)) {
        case Int(APUS_PQ_COMMAND_OK), Int(APUS_PQ_TUPLES_OK), Int(APUS_PQ_EMPTY_QUERY): return
        default: throw failure(result, on: raw, sql)
        }
    }

    private func failure(_ result: OpaquePointer?, on raw: OpaquePointer, _ sql: String) -> PostgresError {
        PostgresError(of: result, on: raw, sql)
    }

    /// Cancels the running query, and discards its remaining results.
    private func cancel(_ raw: OpaquePointer) {
        guard Self.requestCancellation(raw, within: Self.cancelTimeout) else { return close() }
        while let result = apus_PQgetResult(raw) { apus_PQclear(result) }
    }

    /// Asks the server over a second connection to cancel the running query.
    ///
    /// If the request fails or arrives after the end of the query, the query's results arrive as usual.
    /// - Returns: false if the request was not sent in time. It may still arrive later and cancel another query, so the
    ///   caller must close the connection.
    static func requestCancellation(_ raw: OpaquePointer, within timeout: Duration) -> Bool {
        // `apus_PQgetCancel` copies the server's address; only the new thread uses this copy.
        guard let copy = apus_PQgetCancel(raw) else { return true }
        nonisolated(unsafe) let cancel = copy
        let requestEnd = DispatchSemaphore(value: 0)
        // Connecting may take the system minutes, and libpq before version 15 has no time limit for it.
        let isStarted = SystemThread.start(name: "pg-cancel") {
            var message = [CChar](repeating: 0, count: 256)
            _ = apus_PQcancel(cancel, &message, Int32(message.count))
            apus_PQfreeCancel(cancel)
            requestEnd.signal()
        }
        guard isStarted else {
            apus_PQfreeCancel(copy)
            return true
        }
        return requestEnd.wait(timeout: .now() + .milliseconds(Int(timeout / .milliseconds(1)))) == .success
    }
}

extension PostgresError {
    /// Creates the error that a result reports or, without a result, the one that the connection reports.
    init(of result: OpaquePointer?, on raw: OpaquePointer, _ sql: String?) {
        func field(_ code: Int) -> String? {
            result.flatMap { apus_PQresultErrorField($0, Int32(code)) }.map { String(cString: $0) }
        }
        if let state = field(Int(APUS_PQ_FIELD_STATE)), let message = field(Int(APUS_PQ_FIELD_MESSAGE)) {
            self.init(.init(rawValue: state), message, sql: sql)
            constraint = field(Int(APUS_PQ_FIELD_CONSTRAINT))
            return
        }
        let text = apus_PQerrorMessage(raw).map { String(cString: $0) } ?? ""
        let line = text.split(whereSeparator: \.isNewline).first.map { String($0) }
        let isLost = apus_PQstatus(raw) == APUS_PQ_CONNECTION_BAD
        self.init(isLost ? .disconnected : .misuse, line ?? "the reason is unknown", sql: sql)
    }
}
