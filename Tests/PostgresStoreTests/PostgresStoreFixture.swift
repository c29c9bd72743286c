import Budgets
import PostgreSQL
import PostgresStore
import TestSupport
import Tracking
import TrackingStore
import Transfer

/// A store in a database of its own, which is removed when this object is deallocated.
final class PostgresStoreFixture: Sendable {
    let address: PostgresAddress
    let store: PostgresStore
    private let name = "store_\(UInt64.random(in: .min ... .max))"

    /// - Parameter source: a store whose whole content the database has from the start.
    init(copying source: StoreFixture? = nil) throws {
        let server = postgresServer ?? ""
        try Self.execute("CREATE DATABASE \(name)", PostgresAddress(server))
        address = try PostgresAddress(server.replacing("/postgres", with: "/\(name)"))
        if let source { try Self.fill(address, from: source) }
        store = try PostgresStore(
            PostgresStore.Configuration(
                address: address,
                artifactRoot: ArtifactLocation("mlflow-artifacts:/"),
                schema: MLflowSchema(tables: Self.schema("tables"), indexes: Self.schema("indexes"))
            )
        )
    }

    deinit {
        store.close()
        // The whole server goes at the end of the tests.
        try? Self.execute("DROP DATABASE \(name) WITH (FORCE)", PostgresAddress(postgresServer ?? ""))
    }

    private static func schema(_ part: String) -> String {
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let path = "/\(tests)/../schemas/mlflow-3.17-postgresql-\(part).sql"
        return String(decoding: contents(ofFile: path), as: UTF8.self)
    }

    private static func fill(_ address: PostgresAddress, from source: StoreFixture) throws {
        var reports: [String] = []
        let schema = MLflowSchema(tables: schema("tables"), indexes: schema("indexes"))
        let writer = try MLflowDatabaseWriter(address, schema: schema) { reports.append("\($0): \($1)") }
        var cursor = RecordCursor(.everything)
        while let records = try source.store.readNow(&cursor) {
            for record in records { try writer.add(record) }
        }
        try writer.finish()
        try writer.commit()
        guard reports.isEmpty else { throw PostgresError(.misuse, "\(reports)") }
    }

    private static func execute(_ script: String, _ address: PostgresAddress) throws {
        try PostgresConnection(address, applicationName: "apus-test").execute(script)
    }

    /// Runs a script on a connection of its own, as another program does.
    func execute(_ script: String) throws { try Self.execute(script, address) }

    /// The first column of a query, as texts.
    func texts(_ sql: String) throws -> [String] {
        var found: [String] = []
        let connection = try PostgresConnection(address, applicationName: "apus-test")
        try connection.forEachRow(sql) { found.append($0.string(0)) }
        return found
    }

    /// Runs one read request and waits for it.
    func read<Value: Sendable>(
        for caller: Caller = .server,
        _ work: @escaping @Sendable (PostgresReadSession) throws -> Value
    ) throws -> Value {
        let answer = Answer<Value>()
        store.read(work, for: caller) { answer.give($0) }
        return try answer.wait()
    }

    /// Runs one write request and waits for it.
    @discardableResult
    func write<Value: Sendable>(_ work: @escaping @Sendable (PostgresWriteSession) throws -> Value) throws -> Value {
        let answer = Answer<Value>()
        store.write(work) { answer.give($0) }
        return try answer.wait()
    }
}
