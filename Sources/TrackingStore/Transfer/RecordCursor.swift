package import Budgets
package import SQLite
package import Tracking

/// The content of a store as records, in batches; a record comes after every record that it refers to.
///
/// With a read transaction for each batch, as in a server in use, each record is whole, but different records may be from
/// different moments. Within one transaction all records are from the same moment. A batch holds at most ten runs, without
/// their points, and 20,000 points.
package struct RecordCursor: Sendable {
    package enum Content: Sendable {
        /// Experiments, runs and logged models with their points, and the registry if the subset includes it.
        case allKinds
        /// Runs in the order of their rows, each with the latest point of each metric; deleted ones only if the subset
        /// lists them.
        case runs
        /// As `runs`, and the points of each.
        case points
    }

    private struct PendingRecord {
        let record: TransferRecord
        var details: Details?
    }

    /// What comes after the record that it belongs to.
    private enum Details {
        case points(PointPosition)
        case versions(model: RegistryPosition)
    }

    /// The most points of one piece.
    private static let pointsAtOnce = 20_000
    /// Rows of one page: a run may have some megabytes of params and tags.
    private static let rowsAtOnce = 10

    private let subset: TransferSubset
    private let content: Content
    private var stages: ArraySlice<TransferTable>
    private var rows: RowCursor?
    /// In reverse order.
    private var pending: [PendingRecord] = []
    private var details: Details?
    /// The experiments that were returned.
    private var experiments: Set<Int64> = []

    package init(_ subset: TransferSubset, _ content: Content = .allKinds) {
        self.subset = subset
        self.content = content
        switch content {
        case .allKinds:
            stages = [.experiments, .runs, .loggedModels]
            if subset.includesRegistry { stages.append(.registeredModels) }
        case .runs, .points: stages = [.runs]
        }
    }

    /// The next records; nil at the end.
    package mutating func next(_ session: ReadSession) throws -> [TransferRecord]? {
        var records: [TransferRecord] = []
        var pointsLeft = Self.pointsAtOnce
        while pointsLeft > 0 {
            if details != nil {
                try addDetails(session, &records, &pointsLeft)
            } else if let next = pending.popLast() {
                records.append(next.record)
                details = next.details
            } else if !records.isEmpty {
                break
            } else if try !readPage(session, &records) {
                return nil
            }
        }
        return records
    }

    /// - Returns: false if there is nothing more.
    private mutating func readPage(_ session: ReadSession, _ records: inout [TransferRecord]) throws -> Bool {
        guard let stage = stages.first else { return false }
        var rows = self.rows ?? RowCursor(stage, subset, withDeletedRuns: content == .allKinds)
        let page = try rows.next(session, limit: Self.rowsAtOnce)
        self.rows = rows
        guard let page else {
            stages.removeFirst()
            self.rows = nil
            return true
        }
        switch stage {
        case .experiments:
            for experiment in try session.experiments(ids: page) { add(experiment, &records) }
        case .runs:
            for var run in try session.transferredRuns(rows: page) {
                let id = run.run.info.runID
                if content == .allKinds {
                    try addExperimentIfNew(run.home, session, &records)
                    // Its points follow.
                    run.run.metrics = []
                }
                pending.append(
                    PendingRecord(
                        record: .run(run),
                        details: content == .runs ? nil : .points(PointPosition(ofRun: id))
                    )
                )
            }
        case .loggedModels:
            for model in try session.transferredLoggedModels(rows: page) {
                try addExperimentIfNew(model.home, session, &records)
                let position = PointPosition(ofModel: model.model.info.modelID, inRunsOf: subset)
                pending.append(PendingRecord(record: .loggedModel(model), details: .points(position)))
            }
        case .registeredModels:
            for (row, model) in zip(page, try session.transferredRegisteredModels(rows: page)) {
                let position = RegistryPosition(modelRow: row)
                pending.append(PendingRecord(record: .registeredModel(model), details: .versions(model: position)))
            }
        }
        pending.reverse()
        return true
    }

    private mutating func add(_ experiment: Experiment, _ records: inout [TransferRecord]) {
        if experiments.insert(experiment.id).inserted { records.append(.experiment(experiment)) }
    }

    /// Adds the experiment of a run or model if it was created after the experiments were read.
    private mutating func addExperimentIfNew(
        _ home: TransferredHome,
        _ session: ReadSession,
        _ records: inout [TransferRecord]
    ) throws {
        if !experiments.contains(home.id) { add(try session.experiment(id: home.id), &records) }
    }

    private mutating func addDetails(
        _ session: ReadSession,
        _ records: inout [TransferRecord],
        _ pointsLeft: inout Int
    ) throws {
        switch details {
        case .points(var position):
            let found = try session.transferredPoints(&position, limit: pointsLeft)
            records += found.records
            pointsLeft -= found.count
            details = position.isAtEnd ? nil : .points(position)
        case .versions(var position):
            let versions = try session.transferredVersions(&position)
            let readable = versions.filter { session.reads($0.version) }
            records += readable.map { .modelVersion($0) }
            details = nil
            if !position.isAtEnd {
                details = .versions(model: position)
                // The page of versions ends the batch.
                pointsLeft = 0
            }
        case nil: break
        }
    }
}

extension RecordCursor {
    /// Passes on everything that a database holds, all of it from one moment, whether a server holds the database or not.
    ///
    /// - Parameter connection: to a database of a store, with the newest migration.
    package static func readAll(of connection: Connection, _ take: (TransferRecord) throws -> Void) throws {
        let session = ReadSession(connection: connection)
        try connection.readTransaction {
            var cursor = RecordCursor(.everything)
            while let records = try cursor.next(session) {
                for record in records { try take(record) }
            }
        }
    }
}

/// The content of a store in use as records, one by one.
package struct RecordStream {
    private var cursor: RecordCursor
    private let store: TrackingStore
    private let caller: Caller
    /// What was read and is not returned yet, in reverse order.
    private var waiting: [TransferRecord] = []

    /// The memory that it ordinarily takes at most, in bytes: for 20,000 points, and ten runs of less than 200 kB each.
    package static let memoryBytes = 4 * 1_048_576

    /// Blocks.
    ///
    /// - Throws: `.resourceDoesNotExist` for something that is named and not there.
    package init(
        _ subset: TransferSubset,
        _ content: RecordCursor.Content = .allKinds,
        of store: TrackingStore,
        for caller: Caller
    ) throws {
        cursor = RecordCursor(subset, content)
        self.store = store
        self.caller = caller
        try store.readNow(for: caller) { try $0.require(subset) }
    }

    /// The next record; nil at the end.
    ///
    /// Blocks when it needs the next batch, as `readNow`.
    package mutating func next() throws -> TransferRecord? {
        while waiting.isEmpty {
            guard let records = try store.readNow(&cursor, for: caller) else { return nil }
            waiting = records.reversed()
        }
        return waiting.popLast()
    }
}

extension TrackingStore {
    /// Reads the next records of a cursor, at one moment; nil at the end.
    ///
    /// Blocks, as `readNow`.
    package func readNow(_ cursor: inout RecordCursor, for caller: Caller = .server) throws -> [TransferRecord]? {
        let (records, next) = try readNow(.continued, for: caller) { [cursor] session in
            var cursor = cursor
            return (try cursor.next(session), cursor)
        }
        cursor = next
        return records
    }
}
