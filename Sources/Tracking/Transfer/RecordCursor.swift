/// Reads the content of a store as records, in batches.
///
/// A record comes after all records that it refers to.
/// A server reads each batch in its own transaction. Each record is consistent then, but other clients may change the
/// store between two batches. If all batches are read in one transaction, all records show the same state. A batch
/// contains at most ten runs and at most 20,000 points.
package struct RecordCursor: Sendable {
    package enum Content: Sendable {
        /// Experiments, runs and logged models with the points of their metrics, and the registry if the subset includes it.
        case allKinds
        /// Runs in the order of their creation, each with the latest point of each metric.
        ///
        /// A deleted run is included only if the subset names it.
        case runs
        /// The same runs as for `runs`, each followed by its points.
        case points
    }

    private struct PendingRecord {
        let record: TransferRecord
        var children: Children?
    }

    /// The records that follow the record of a run or model: the points of a run or logged model, or the versions of a
    /// registered model.
    private enum Children {
        case points(PointPosition)
        case versions(model: ModelVersionPosition)
    }

    /// The maximum number of points in a batch.
    private static let pointsAtOnce = 20_000
    /// The number of rows that are read at once; few, because a run may have megabytes of params and tags.
    private static let rowsAtOnce = 10

    private let subset: TransferSubset
    private let content: Content
    private var remainingTables: ArraySlice<TransferTable>
    private var rows: RowCursor?
    /// Records that have been read and not yet returned, in reverse order.
    private var pending: [PendingRecord] = []
    private var children: Children?
    private var returnedExperimentIDs: Set<Int64> = []

    package init(_ subset: TransferSubset, _ content: Content = .allKinds) {
        self.subset = subset
        self.content = content
        switch content {
        case .allKinds:
            remainingTables = [.experiments, .runs, .loggedModels]
            if subset.includesRegistry { remainingTables.append(.registeredModels) }
        case .runs, .points: remainingTables = [.runs]
        }
    }

    /// Reads the next batch of records; returns nil at the end.
    package mutating func next(_ session: any TrackingReading) throws -> [TransferRecord]? {
        var records: [TransferRecord] = []
        var pointsLeft = Self.pointsAtOnce
        while pointsLeft > 0 {
            if children != nil {
                try addChildren(session, &records, &pointsLeft)
            } else if let next = pending.popLast() {
                records.append(next.record)
                children = next.children
            } else if !records.isEmpty {
                break
            } else if try !readPage(session, &records) {
                return nil
            }
        }
        return records
    }

    /// Reads the next rows into `pending`, or adds experiments to `records`.
    ///
    /// - Returns: false at the end of the last table.
    private mutating func readPage(_ session: any TrackingReading, _ records: inout [TransferRecord]) throws -> Bool {
        guard let table = remainingTables.first else { return false }
        var rows = self.rows ?? RowCursor(table, subset, includesDeletedRuns: content == .allKinds)
        let page = try rows.next(session, limit: Self.rowsAtOnce)
        self.rows = rows
        guard let page else {
            remainingTables.removeFirst()
            self.rows = nil
            return true
        }
        switch table {
        case .experiments:
            for experiment in try session.transferredExperiments(page) { add(experiment, &records) }
        case .runs:
            for var run in try session.transferredRuns(page) {
                let id = run.run.info.runID
                if content == .allKinds {
                    try addExperimentIfNew(run.experiment, session, &records)
                    // The points follow in separate records, so this record contains none.
                    run.run.metrics = []
                }
                pending.append(
                    PendingRecord(
                        record: .run(run),
                        children: content == .runs ? nil : .points(PointPosition(ofRun: id))
                    )
                )
            }
        case .loggedModels:
            for model in try session.transferredLoggedModels(page) {
                try addExperimentIfNew(model.experiment, session, &records)
                let position = PointPosition(ofModel: model.model.info.modelID, inRunsOf: subset)
                pending.append(PendingRecord(record: .loggedModel(model), children: .points(position)))
            }
        case .registeredModels:
            for (row, model) in zip(page, try session.transferredRegisteredModels(page)) {
                let position = ModelVersionPosition(model: row)
                pending.append(PendingRecord(record: .registeredModel(model), children: .versions(model: position)))
            }
        }
        pending.reverse()
        return true
    }

    private mutating func add(_ experiment: Experiment, _ records: inout [TransferRecord]) {
        if returnedExperimentIDs.insert(experiment.id).inserted { records.append(.experiment(experiment)) }
    }

    /// Adds the experiment of a run or model if the experiment was created after the experiments were read.
    private mutating func addExperimentIfNew(
        _ sourceExperiment: SourceExperiment,
        _ session: any TrackingReading,
        _ records: inout [TransferRecord]
    ) throws {
        guard !returnedExperimentIDs.contains(sourceExperiment.id) else { return }
        add(try session.experiment(id: sourceExperiment.id), &records)
    }

    private mutating func addChildren(
        _ session: any TrackingReading,
        _ records: inout [TransferRecord],
        _ pointsLeft: inout Int
    ) throws {
        switch children {
        case .points(var position):
            let found = try position.next(session, limit: pointsLeft)
            records += found.records
            pointsLeft -= found.count
            children = position.isAtEnd ? nil : .points(position)
        case .versions(var position):
            let versions = try position.next(session)
            let readable = versions.filter { session.canRead($0.version) }
            records += readable.map { .modelVersion($0) }
            children = nil
            if !position.isAtEnd {
                children = .versions(model: position)
                // A full page of versions ends the batch.
                pointsLeft = 0
            }
        case nil: break
        }
    }
}
