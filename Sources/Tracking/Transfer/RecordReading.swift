internal import Identities

/// The tables whose rows are read one after another for a transfer.
///
/// The raw value is the table's name in all stores.
package enum TransferTable: String, Sendable {
    case experiments
    case runs
    case loggedModels = "logged_models"
    case registeredModels = "registered_models"
}

/// The rows of a table that are transferred.
package struct TransferRows: Sendable {
    package let table: TransferTable
    package let subset: TransferSubset
    private let includesDeletedRuns: Bool

    package init(_ table: TransferTable, _ subset: TransferSubset, includesDeletedRuns: Bool) {
        self.table = table
        self.subset = subset
        self.includesDeletedRuns = includesDeletedRuns
    }

    /// Whether deleted rows are left out.
    package var areActiveOnly: Bool { table == .runs && !includesDeletedRuns && !subset.namesRuns }
}

/// Identifies a row of a table.
///
/// A transfer reads the rows in ascending order of number, and then of id.
package struct TransferRow: Sendable {
    package var number: Int64
    /// The id or name of the entity in the row; empty in a store whose numbers alone identify rows.
    package var id: String

    package init(_ number: Int64, _ id: String = "") {
        self.number = number
        self.id = id
    }
}

/// The run or logged model whose points are read.
package enum PointOwner: Sendable {
    case run(String)
    /// `runs` restricts the points to those that these runs have logged; nil for all.
    case loggedModel(String, runs: [String]?)
}

/// A key of metrics, params or tags.
package struct TransferKey: Sendable {
    package var name: String
    /// The id of the key in the database; 0 in a store without such ids.
    package var number: Int64

    package init(name: String, number: Int64 = 0) {
        self.name = name
        self.number = number
    }
}

/// Some points of one metric, as a record.
package struct PointPage {
    package var record: TransferRecord
    package var count: Int
    /// The sort values of the last point.
    package var last: [SortValue]

    package init(_ record: TransferRecord, count: Int, last: [SortValue]) {
        self.record = record
        self.count = count
        self.last = last
    }
}

/// Reads the content of a store for a transfer to another store; `RecordCursor` decides the order of the records.
///
/// The client gets only what it may read. Metrics, params and tags are ordered by the bytes of their keys, so that a store that
/// has imported the records exports equal records.
package protocol RecordReading: AnyObject, ClientBound {
    /// Returns the next rows after the row `last`; if `last` is nil, the first rows.
    func rows(_ rows: TransferRows, after last: TransferRow?, limit: Int) throws -> [TransferRow]
    /// Returns those of the rows `found` that still exist, in the same order.
    func rows(_ rows: TransferRows, among found: [TransferRow]) throws -> [TransferRow]

    // The rows that are passed to the following functions exist, because they were found in the same transaction.
    func transferredExperiments(_ rows: [TransferRow]) throws -> [Experiment]
    /// Reads runs with the latest point of each metric.
    func transferredRuns(_ rows: [TransferRow]) throws -> [TransferredRun]
    func transferredLoggedModels(_ rows: [TransferRow]) throws -> [TransferredLoggedModel]
    func transferredRegisteredModels(_ rows: [TransferRow]) throws -> [TransferredRegisteredModel]
    /// Reads versions of a registered model with higher numbers than `last`, in ascending order, whether the client may read
    /// them or not.
    func transferredVersions(
        ofModel row: TransferRow,
        after last: Int64,
        limit: Int
    ) throws -> [TransferredModelVersion]

    /// Returns the keys of all metrics of a run or model; none if the run or model does not exist any more.
    func metricKeys(of owner: PointOwner) throws -> [TransferKey]
    /// Reads the next points of a metric in the order of time; returns nil if there are no more.
    func points(of owner: PointOwner, _ key: TransferKey, after last: [SortValue]?, limit: Int) throws -> PointPage?

    /// Returns the keys of the metrics, params and tags of some runs, in any order.
    func keys(ofRuns rows: [TransferRow]) throws -> RunKeys
}

extension RecordReading {
    /// Whether the client may read a version, provided that the client may read its registered model.
    func canRead(_ version: ModelVersion) -> Bool {
        permissions?.allows(
            .read,
            on: .version(ofModel: version.name, isPrompt: version.tags.contains(where: \.marksPrompt))
        ) ?? true
    }
}

extension TrackingReading {
    /// Throws unless all experiments or runs that a subset names exist.
    ///
    /// - Throws: `.resourceDoesNotExist` for the first one that does not exist.
    package func require(_ subset: TransferSubset) throws {
        switch subset {
        case .everything: break
        case .experiments(let ids): for id in ids { _ = try experiment(id: id) }
        case .runs(let ids): for id in ids { _ = try runInfo(id: id) }
        }
    }
}

extension [TransferredRun] {
    /// The runs with metrics, params, tags and datasets in the order of the bytes of their keys and names.
    package var inByteOrder: [TransferredRun] {
        map { transferred in
            var transferred = transferred
            transferred.run.metrics.sort { $0.key.precedes($1.key) }
            transferred.run.params.sort { $0.key.precedes($1.key) }
            transferred.run.tags.sort { $0.key.precedes($1.key) }
            transferred.run.datasetInputs.sort {
                $0.dataset.name.isExactly($1.dataset.name)
                    ? $0.dataset.digest.precedes($1.dataset.digest) : $0.dataset.name.precedes($1.dataset.name)
            }
            return transferred
        }
    }
}

extension String {
    /// Whether the bytes of this text come before the bytes of another text, regardless of Unicode equivalence.
    package func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
