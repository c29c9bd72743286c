import Budgets
import Dispatch
import Glibc
import PostgreSQL
import PostgresStore
import TestSupport
import Tracking
import TrackingStore
import Transfer

/// A store over a new database, which is removed at the end.
final class PostgresStoreFixture: Sendable {
    let store: PostgresStore
    let address: PostgresAddress
    let name: String

    /// - Parameters:
    ///   - options: settings of the store's sessions, such as `-c deadlock_timeout=10ms`.
    ///   - script: run in the database before the store is opened.
    ///   - source: a store whose whole content the database has from the start.
    init(
        options: String = "",
        preparing script: String? = nil,
        copying source: StoreFixture? = nil,
        configure: (inout PostgresStore.Configuration) -> Void = { _ in }
    ) throws {
        name = "store_\(UInt64.random(in: .min ... .max))"
        let owner = try Self.connect(PostgresAddress(Self.server))
        try owner.execute("CREATE DATABASE \(name)")
        let uri = Self.server.replacing("/postgres", with: "/\(name)")
        address = try PostgresAddress(uri)
        if let script { try Self.connect(address).execute(script) }
        if let source { try Self.fill(address, from: source) }
        let escaped = options.replacing(" ", with: "%20").replacing("=", with: "%3D")
        store = try Self.open(try PostgresAddress(options.isEmpty ? uri : "\(uri)?options=\(escaped)"), configure)
    }

    deinit {
        store.close()
        // The whole server goes at the end of the tests.
        try? Self.connect(PostgresAddress(Self.server)).execute("DROP DATABASE \(name) WITH (FORCE)")
    }

    /// The server of APUS_TEST_POSTGRES.
    static var server: String { postgresServer ?? "" }

    static func connect(_ address: PostgresAddress) throws -> PostgresConnection {
        try PostgresConnection(address, applicationName: "other-program")
    }

    static func open(
        _ address: PostgresAddress,
        _ configure: (inout PostgresStore.Configuration) -> Void = { _ in }
    ) throws -> PostgresStore {
        var configuration = PostgresStore.Configuration(
            address: address,
            artifactRoot: ArtifactLocation("mlflow-artifacts:/"),
            schema: schema
        )
        configure(&configuration)
        return try PostgresStore(configuration)
    }

    static var schema: MLflowSchema {
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        func file(_ name: String) -> String {
            String(decoding: contents(ofFile: "/\(tests)/../schemas/mlflow-3.17-postgresql-\(name).sql"), as: UTF8.self)
        }
        return MLflowSchema(tables: file("tables"), indexes: file("indexes"))
    }

    private static func fill(_ address: PostgresAddress, from source: StoreFixture) throws {
        var reports: [String] = []
        let writer = try MLflowDatabaseWriter(address, schema: schema) { reports.append("\($0): \($1)") }
        var cursor = RecordCursor(.everything)
        while let records = try source.store.readNow(&cursor) {
            for record in records { try writer.add(record) }
        }
        try writer.finish()
        try writer.commit()
        guard reports.isEmpty else { throw PostgresError(.misuse, "\(reports)") }
    }

    /// A connection to the database, as of another program.
    func other() throws -> PostgresConnection { try Self.connect(address) }

    /// Runs a script on a connection of its own, as another program does.
    func execute(_ script: String) throws { try other().execute(script) }

    /// The first column of a query, as texts.
    func texts(_ sql: String) throws -> [String] {
        var found: [String] = []
        try other().forEachRow(sql) { found.append($0.string(0)) }
        return found
    }

    /// Returns the first number of a query, as another program sees it.
    func number(_ sql: String) throws -> Int64? { try other().firstRow(sql) { $0.int64(0) } }

    @discardableResult
    func write<Value: Sendable>(_ work: @escaping @Sendable (PostgresWriteSession) throws -> Value) throws -> Value {
        try submit(work).wait().get()
    }

    func submit<Value: Sendable>(
        for caller: Caller = .server,
        _ work: @escaping @Sendable (PostgresWriteSession) throws -> Value
    ) -> Outcome<Result<Value, any Error>> {
        let outcome = Outcome<Result<Value, any Error>>()
        store.write(work, for: caller) { outcome.give($0) }
        return outcome
    }

    func read<Value: Sendable>(
        for caller: Caller = .server,
        _ work: @escaping @Sendable (PostgresReadSession) throws -> Value
    ) throws -> Value {
        let outcome = Outcome<Result<Value, any Error>>()
        store.read(work, for: caller) { outcome.give($0) }
        return try outcome.wait().get()
    }

    /// Makes a run, and returns its id.
    func makeRun() throws -> String {
        try write { session in
            try session.createRun(NewRun(experimentID: 0, userID: "ana", name: "", startTime: 1, tags: [])).info.runID
        }
    }

    /// Calls `body` while the writer is busy, so that what it submits waits together.
    func whileWriterIsBusy(_ body: () -> Void) throws {
        let (isBusy, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let first = submit { _ in
            isBusy.signal()
            mayGoOn.wait()
            mayGoOn.signal()
        }
        isBusy.wait()
        body()
        mayGoOn.signal()
        try first.wait().get()
    }

    /// Waits until the writer of the store has waited for a lock of another program for so long.
    func waitUntilStoreWaits(for time: Duration) throws {
        let watching = try PostgresConnection(address, applicationName: "watching")
        let waits = """
            SELECT count(*) FROM pg_stat_activity
            WHERE application_name = 'apus-writer' AND datname = current_database() AND wait_event_type = 'Lock'
                AND clock_timestamp() - query_start > interval '\(time / .milliseconds(1)) milliseconds'
            """
        while try watching.firstRow(waits, [], { $0.int64(0) }) == 0 {}
    }

    /// Waits until another program waits for a lock of the store.
    func waitUntilOtherProgramWaits() throws {
        let watching = try PostgresConnection(address, applicationName: "watching")
        let waits = """
            SELECT count(*) FROM pg_stat_activity
            WHERE application_name = 'other-program' AND datname = current_database() AND wait_event_type = 'Lock'
            """
        while try watching.firstRow(waits, [], { $0.int64(0) }) == 0 {}
    }
}
