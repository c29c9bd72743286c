internal import CPostgreSQL
internal import Glibc

/// A connection that sends several statements without waiting for the answer to each.
///
/// `send` and `ask` only queue statements; the first call that needs an answer sends the whole queue, and waits for all
/// answers. If a statement fails, the server skips the queued ones after it, and the waiting call throws the error. As
/// after any error, an open transaction then accepts only `ROLLBACK`. One thread at a time may use a pipeline.
///
/// Source: https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
package final class PostgresPipeline {
    /// Identifies a statement whose rows `rows` returns later.
    package struct Ticket: Hashable, Sendable {
        fileprivate let number: Int
    }

    private enum Expected {
        /// The answer to the preparation of a statement.
        case preparation(sql: String)
        /// The answer to a statement; its rows are kept if there is a ticket for them.
        case answer(sql: String, Ticket?)
        /// The synchronization point that ends a batch of statements.
        case sync
    }

    /// The URI of the connection for messages, without the password.
    package let displayURI: String
    /// The deadline of the running statements, and the check whether a client still waits for them.
    package var watch = PostgresWatch()

    /// nil after `close()`, and after the connection was lost.
    private var raw: OpaquePointer?
    private var statementNames: [String: String] = [:]
    private var expected: [Expected] = []
    /// The index in `expected` of the next answer; the answers before it have arrived.
    private var nextIndex = 0
    /// The number of statements that were queued after the last synchronization point.
    private var unsyncedCount = 0
    /// The number of answers that were removed from `expected`.
    private var removedCount = 0
    private var unreadRows: [Ticket: PostgresRows] = [:]
    private var ticketCount = 0
    /// The first error of the statements that were sent, until a call throws it.
    private var failure: PostgresError?

    private static let maximumPreparedStatements = 256
    /// The number of statements after which `send` waits for answers, so that answers do not fill the memory.
    private static let maximumUnsyncedCount = 512

    /// Connects; blocks for at most `connect_timeout`, by default ten seconds, for each host of the address.
    ///
    /// - Parameters:
    ///   - options: values of libpq's options that the address does not set.
    ///   - required: values of libpq's options that replace those of the address.
    ///   - settings: statements that run first in the session, such as `SET …`. All of them together may take
    ///     `connect_timeout` again.
    ///   - check: refuses a host by an error for which `isDisconnection` is true; then the next host is tried.
    /// - Throws: `PostgresError`; the state is `.noLibrary` also if libpq is older than version 14, which has no pipelines.
    package static func open(
        _ address: PostgresAddress,
        applicationName: String,
        options: [(keyword: String, value: String)] = [],
        required: [(keyword: String, value: String)] = [],
        settings: [String] = [],
        check: (PostgresPipeline) throws(PostgresError) -> Void = { _ in }
    ) throws(PostgresError) -> PostgresPipeline {
        try PostgresConnection.open(address, applicationName, options, required) { raw throws(PostgresError) in
            let pipeline = try PostgresPipeline(raw, settings)
            // If this throws, no reference to the pipeline remains, and so its `deinit` closes the connection.
            try check(pipeline)
            return pipeline
        }
    }

    private init(_ raw: OpaquePointer, _ settings: [String]) throws(PostgresError) {
        displayURI = PostgresConnection.displayURI(raw)
        do throws(PostgresError) {
            guard apus_libpq_has_pipelines() == 1 else {
                throw PostgresError(.noLibrary, "a store in PostgreSQL needs libpq of PostgreSQL 14 or later")
            }
            guard apus_PQsetnonblocking(raw, 1) == 0, apus_PQenterPipelineMode(raw) == 1 else {
                throw PostgresError(of: nil, on: raw, nil)
            }
        } catch {
            apus_PQfinish(raw)
            throw error
        }
        self.raw = raw
        let timeout = PostgresConnection.timeout(raw) ?? .seconds(PostgresConnection.defaultTimeoutSeconds)
        watch = PostgresWatch(deadline: .now + timeout, cancels: false)
        for statement in ["SET TIME ZONE 'UTC'"] + settings { try send(statement, isPrepared: false) }
        try waitForAnswers()
        watch = PostgresWatch()
    }

    deinit { close() }

    /// Closes the connection, and thereby rolls back an open transaction; does nothing if it is closed already.
    package func close() {
        guard let closing = raw else { return }
        raw = nil
        apus_PQfinish(closing)
    }

    package var isClosed: Bool { raw == nil }

    /// The number of answers expected since the connection was opened, by which `PostgresError.position` locates a failure.
    package var position: Int { removedCount + expected.count }

    /// Queues a statement whose rows are not needed; usually returns at once.
    ///
    /// The next call that waits throws the statement's error, if it fails.
    /// - Parameter isPrepared: whether to prepare the statement at its first use, which pays off for a text that is used often.
    package func send(_ sql: String, _ values: [PostgresValue] = [], isPrepared: Bool = true) throws(PostgresError) {
        try add(sql, values, nil, isPrepared)
        if unsyncedCount >= Self.maximumUnsyncedCount { try waitForAnswers() }
    }

    /// Queues a statement whose rows the caller gets with `rows`; returns at once.
    package func ask(
        _ sql: String,
        _ values: [PostgresValue] = [],
        isPrepared: Bool = true
    ) throws(PostgresError) -> Ticket {
        ticketCount += 1
        let ticket = Ticket(number: ticketCount)
        try add(sql, values, ticket, isPrepared)
        return ticket
    }

    /// Waits for the rows of a statement, and removes them from the pipeline; a ticket can be used once.
    ///
    /// - Throws: the first error of the statements that are queued by now, which may be one queued after this statement.
    package func rows(_ ticket: Ticket) throws(PostgresError) -> PostgresRows {
        if unreadRows[ticket] == nil {
            try waitForAnswers()
        } else if let failure {
            self.failure = nil
            throw failure
        }
        guard let rows = unreadRows.removeValue(forKey: ticket) else {
            throw PostgresError(.misuse, "the rows of a statement were asked for twice, or after a failure")
        }
        return rows
    }

    /// Runs a statement and returns its rows.
    package func rows(
        _ sql: String,
        _ values: [PostgresValue] = [],
        isPrepared: Bool = true
    ) throws(PostgresError) -> PostgresRows {
        try rows(try ask(sql, values, isPrepared: isPrepared))
    }

    /// Waits until all statements are answered.
    ///
    /// - Throws: the first error of them; the rows that were not read yet are then discarded.
    package func waitForAnswers() throws(PostgresError) {
        let raw = try openConnection()
        try synchronize(raw)
        while nextIndex < expected.count { try readAnswer(raw) }
        removedCount += expected.count
        expected.removeAll(keepingCapacity: true)
        nextIndex = 0
        if let failure {
            self.failure = nil
            unreadRows.removeAll()
            throw failure
        }
    }

    /// Sends the queued statements, without waiting for the answers.
    package func submit() throws(PostgresError) {
        let raw = try openConnection()
        try synchronize(raw)
        guard apus_PQflush(raw) >= 0 else { throw closeLost(raw) }
    }

    /// Discards all results and rolls back the open transaction, if there is one; closes the connection if that fails.
    package func rollBack() {
        guard raw != nil else { return }
        watch = PostgresWatch(deadline: .now + Self.cancelTimeout)
        // The caller rolls back because of an earlier error, which it knows already.
        try? waitForAnswers()
        unreadRows.removeAll()
        do {
            try send("ROLLBACK")
            try waitForAnswers()
        } catch {
            close()
        }
        watch = PostgresWatch()
    }

    /// How long the server may take to cancel a statement, or to roll back, before the connection counts as lost.
    private static let cancelTimeout = Duration.seconds(5)
}

extension PostgresPipeline {
    private func openConnection() throws(PostgresError) -> OpaquePointer {
        guard let raw else { throw PostgresError(.disconnected, "the connection to the database is closed") }
        return raw
    }

    private func add(
        _ sql: String,
        _ values: [PostgresValue],
        _ ticket: Ticket?,
        _ isPrepared: Bool
    ) throws(PostgresError) {
        let written = try WrittenValues(values)
        let raw = try openConnection()
        let name = isPrepared ? try statementName(for: sql, on: raw) : nil
        let isSent = written.withPointers { pointers, sizes, formats, count in
            if let name { return apus_PQsendQueryPrepared(raw, name, count, pointers, sizes, formats, 1) }
            return apus_PQsendQueryParams(raw, sql, count, nil, pointers, sizes, formats, 1)
        }
        guard isSent == 1 else { throw closeLost(raw) }
        expect(.answer(sql: sql, ticket))
    }

    private func statementName(for sql: String, on raw: OpaquePointer) throws(PostgresError) -> String {
        if let name = statementNames[sql] { return name }
        if statementNames.count >= Self.maximumPreparedStatements {
            statementNames.removeAll()
            let isSent = apus_PQsendQueryParams(raw, "DEALLOCATE ALL", 0, nil, nil, nil, nil, 1) == 1
            guard isSent else { throw closeLost(raw) }
            expect(.answer(sql: "DEALLOCATE ALL", nil))
        }
        let name = "s\(statementNames.count)"
        guard apus_PQsendPrepare(raw, name, sql, 0, nil) == 1 else { throw closeLost(raw) }
        statementNames[sql] = name
        expect(.preparation(sql: sql))
        return name
    }

    private func expect(_ answer: Expected) {
        expected.append(answer)
        unsyncedCount += 1
    }

    private func synchronize(_ raw: OpaquePointer) throws(PostgresError) {
        guard unsyncedCount > 0 else { return }
        guard apus_PQpipelineSync(raw) == 1 else { throw closeLost(raw) }
        expected.append(.sync)
        unsyncedCount = 0
    }

    private func readAnswer(_ raw: OpaquePointer) throws(PostgresError) {
        let (sql, ticket): (String?, Ticket?) =
            switch expected[nextIndex] {
            case .preparation(let sql): (sql, nil)
            case .answer(let sql, let ticket): (sql, ticket)
            case .sync: (nil, nil)
            }
        guard let result = try nextResult(raw) else { throw closeLost(raw) }
        var isKept = false
        defer { if !isKept { apus_PQclear(result) } }
        let status = Int(apus_PQresultStatus(result))
        switch status {
        case Int(APUS_PQ_PIPELINE_SYNC): break
        case Int(APUS_PQ_COMMAND_OK), Int(APUS_PQ_TUPLES_OK), Int(APUS_PQ_EMPTY_QUERY):
            guard let ticket else { break }
            unreadRows[ticket] = PostgresRows(result)
            isKept = true
        case Int(APUS_PQ_PIPELINE_ABORTED): forgetPreparation()
        default:
            let error = PostgresError(of: result, on: raw, sql)
            forgetPreparation()
            guard apus_PQstatus(raw) != APUS_PQ_CONNECTION_BAD else {
                close()
                throw error.isDisconnection ? error : PostgresError(.disconnected, error.message, sql: sql)
            }
            if failure == nil {
                failure = watch.cancellationReason.map { PostgresError($0, error.message, sql: sql) } ?? error
                failure?.position = removedCount + nextIndex
            }
        }
        nextIndex += 1
        // The results of a statement end with NULL; a synchronization point is a single result.
        guard status != Int(APUS_PQ_PIPELINE_SYNC) else { return }
        while let more = try nextResult(raw) { apus_PQclear(more) }
    }

    private func forgetPreparation() {
        if case .preparation(let sql) = expected[nextIndex] { statementNames[sql] = nil }
    }

    private func nextResult(_ raw: OpaquePointer) throws(PostgresError) -> OpaquePointer? {
        while apus_PQisBusy(raw) == 1 {
            let unsent = apus_PQflush(raw)
            guard unsent >= 0 else { throw closeLost(raw) }
            try wait(raw, toSend: unsent == 1)
            guard apus_PQconsumeInput(raw) == 1 else { throw closeLost(raw) }
        }
        return apus_PQgetResult(raw)
    }

    /// Waits until the socket is ready; cancels the running statements if their deadline passes or no client waits for them.
    private func wait(_ raw: OpaquePointer, toSend: Bool) throws(PostgresError) {
        var waiting = pollfd(fd: apus_PQsocket(raw), events: Int16(POLLIN | (toSend ? POLLOUT : 0)), revents: 0)
        while true {
            // Checked before each wait, because the bytes of a long answer may arrive without a pause beyond the deadline.
            if let reason = watch.reasonToCancel {
                guard watch.cancels, watch.cancellationReason == nil,
                    PostgresConnection.requestCancellation(raw, within: Self.cancelTimeout)
                else {
                    close()
                    throw PostgresError(.noAnswer, "the server does not answer")
                }
                watch.cancellationReason = reason
                watch.deadline = .now + Self.cancelTimeout
                watch.isAbandoned = nil
            }
            let count = poll(&waiting, 1, watch.pollMilliseconds)
            if count > 0 { return }
            guard count == 0 || errno == EINTR else { throw closeLost(raw) }
        }
    }

    /// Closes the connection, and returns the error that libpq reports for it.
    private func closeLost(_ raw: OpaquePointer) -> PostgresError {
        let error = PostgresError(of: nil, on: raw, nil)
        close()
        return error.isDisconnection ? error : PostgresError(.disconnected, error.message)
    }
}

/// The conditions for cancelling running statements.
package struct PostgresWatch {
    package var deadline: ContinuousClock.Instant?
    /// Called ten times a second while the server works; returns true if no client waits for the result any more.
    package var isAbandoned: (() -> Bool)?
    /// Whether the server is first asked to cancel the statements if their deadline passes or no client waits any more; otherwise
    /// the connection is closed at once.
    package var cancels: Bool
    /// The reason why the statements were cancelled; nil if they were not.
    fileprivate var cancellationReason: PostgresError.State?

    package init(deadline: ContinuousClock.Instant? = nil, cancels: Bool = true, isAbandoned: (() -> Bool)? = nil) {
        self.deadline = deadline
        self.cancels = cancels
        self.isAbandoned = isAbandoned
    }

    /// Why the statements must be cancelled now; nil if they may go on.
    fileprivate var reasonToCancel: PostgresError.State? {
        if let isAbandoned, isAbandoned() { return .abandoned }
        if let deadline, deadline <= .now { return .overdue }
        return nil
    }

    fileprivate var pollMilliseconds: Int32 {
        let longest: Int32 = isAbandoned == nil ? -1 : 100
        guard let deadline else { return longest }
        // Rounded up: rounded down to 0, the wait would end repeatedly just before the deadline.
        let left = Int32(clamping: Int64(max(0, (deadline - .now) / .milliseconds(1)))) + 1
        return longest < 0 ? left : min(left, longest)
    }
}

/// The rows that a statement has returned.
package final class PostgresRows {
    private let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }

    deinit { apus_PQclear(result) }

    package var count: Int { Int(apus_PQntuples(result)) }

    /// The number of rows that the statement has changed or found.
    package var affectedCount: Int { apus_PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// Returns a row, which is valid as long as this object exists.
    package subscript(_ index: Int) -> PostgresRow { PostgresRow(result: result, index: Int32(clamping: index)) }

    /// Calls `body` for each row.
    package func forEach(_ body: (PostgresRow) throws -> Void) rethrows {
        for index in 0..<count { try body(self[index]) }
    }

    /// Returns the result of `body` for each row.
    package func map<Value>(_ body: (PostgresRow) throws -> Value) rethrows -> [Value] {
        try (0..<count).map { try body(self[$0]) }
    }

    /// Returns the result of `body` for the first row; nil if there is no row.
    package func first<Value>(_ body: (PostgresRow) throws -> Value) rethrows -> Value? {
        count > 0 ? try body(self[0]) : nil
    }
}
