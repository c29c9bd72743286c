package import Budgets
package import SQLite
package import Tracking
package import TrackingStore

/// A tracking store in its own folder, with calls that wait for their results.
package final class StoreFixture: Sendable {
    package let folder: TemporaryFolder
    package let store: TrackingStore

    /// Opens the store in the folder, and creates it if there is none.
    package init(
        in folder: TemporaryFolder? = nil,
        readerCount: Int = 1,
        limits: BudgetLimits = .init()
    ) throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        var configuration = try Self.configuration(in: folder, readerCount: readerCount)
        configuration.budgets = Budgets(limits)
        store = try TrackingStore(configuration)
    }

    deinit {
        store.close()
    }

    /// The configuration of the fixture's store.
    package static func configuration(
        in folder: TemporaryFolder,
        readerCount: Int = 1
    ) throws -> TrackingStore.Configuration {
        var configuration = TrackingStore.Configuration(
            databasePath: folder.file("apus.db"),
            artifactRoot: ArtifactLocation("mlflow-artifacts:/"),
            migrations: try migrations()
        )
        configuration.readerCount = readerCount
        return configuration
    }

    /// The project's own migrations.
    package static func migrations() throws -> [Migration] {
        let testSupport = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let folder = "/\(testSupport)/../../migrations"
        return fileNames(inFolder: folder).compactMap { name in
            let sql = String(decoding: contents(ofFile: "\(folder)/\(name)"), as: UTF8.self)
            return Migration(fileName: name, sql: sql)
        }
    }

    /// Runs one write request and waits for it.
    @discardableResult
    package func write<Value: Sendable>(_ work: @escaping @Sendable (WriteSession) throws -> Value) throws -> Value {
        try submit(work).wait().get()
    }

    /// Starts one write request and does not wait for it.
    package func submit<Value: Sendable>(
        _ work: @escaping @Sendable (WriteSession) throws -> Value
    ) -> Outcome<Result<Value, any Error>> {
        let outcome = Outcome<Result<Value, any Error>>()
        store.write(work) { outcome.give($0) }
        return outcome
    }

    /// Runs one read request and waits for it.
    package func read<Value: Sendable>(_ work: @escaping @Sendable (ReadSession) throws -> Value) throws -> Value {
        try store.readNow { try work($0) }
    }

    /// Creates a run and returns its id.
    package func createRun(
        in experimentID: Int64 = 0,
        name: String = "run",
        startTime: Int64 = 0,
        tags: [Tag] = []
    ) throws -> String {
        let new = NewRun(experimentID: experimentID, userID: "", name: name, startTime: startTime, tags: tags)
        return try write { try $0.createRun(new).info.runID }
    }

    /// Runs a script on the writer's connection, for states that no request creates.
    package func execute(_ script: String) throws {
        try write { try $0.connection.execute(script) }
    }

    /// The rows of a query, with all columns as text.
    package func rows(_ sql: String) throws -> [[String]] {
        try read { session in
            try session.connection.prepare(sql).map { row in (0..<row.columnCount).map { row.string($0) } }
        }
    }
}

/// The error that `body` throws, if it is a `TrackingError`.
package func trackingError(_ body: () throws -> Void) -> TrackingError? {
    do {
        try body()
        return nil
    } catch {
        return error as? TrackingError
    }
}
