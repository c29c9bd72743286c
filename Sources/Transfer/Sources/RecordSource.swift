package import Files
package import Tracking

/// A source that can be imported: a database, a folder, an archive or a server.
package protocol RecordSource {
    /// The name of the source in messages, such as `MLflow database /x/mlflow.db (revision …)`.
    var title: String { get }

    /// Calls `emit` for each selected item, in an order in which no item refers to a later one.
    ///
    /// Blocks while it reads. The memory that it needs depends on the largest single item, not on the size of the source.
    func read(_ selection: TransferSelection, _ emit: (TransferItem) throws -> Void) throws
}

/// One item of a source.
package enum TransferItem {
    case record(TransferRecord)
    /// A folder of this machine with the artifacts of the last run or model that was emitted.
    case artifacts(ArtifactFolder)
    /// A file in an archive with an artifact of the last run or model that was emitted.
    case archivedFile(ArchivedFile)
    /// A file on a server with an artifact of the last run or model that was emitted.
    case remoteFile(RemoteFile)
    /// An item that is not imported: its path or name in the source, and the reason.
    case skipped(String, String)
    /// A message for the user about the import as a whole.
    case hint(String)
}

extension TransferItem {
    /// Emits the points of a run's metric, in as many records as they need.
    static func emit(points: [MetricPoint], of key: String, runID: String, _ emit: (TransferItem) throws -> Void) throws
    {
        let limit = TransferFileLimits.pointsPerRecord
        for start in stride(from: 0, to: points.count, by: limit) {
            let part = Array(points[start..<min(start + limit, points.count)])
            try emit(.record(.points(TransferredPoints(runID: runID, key: key, points: part))))
        }
    }

    /// Emits the points of a logged model, in as many records as they need.
    static func emit(points: [ModelMetric], modelID: String, _ emit: (TransferItem) throws -> Void) throws {
        let limit = TransferFileLimits.modelPointsPerRecord
        for start in stride(from: 0, to: points.count, by: limit) {
            let part = Array(points[start..<min(start + limit, points.count)])
            try emit(.record(.modelPoints(TransferredModelPoints(modelID: modelID, points: part))))
        }
    }
}

/// A folder with artifacts, and the target of its files.
package struct ArtifactFolder: Sendable, Equatable {
    /// An absolute path of this machine, in which links are followed.
    package var root: String
    /// The path from the root to the folder, in which links are not followed.
    ///
    /// If links were followed, the author of a source could make the import copy any folder of this machine.
    package var relativePath: String
    /// The folder for the files, relative to the artifact root of the destination.
    package var target: String

    package init(root: String, relativePath: String, target: String) {
        self.root = root
        self.relativePath = relativePath
        self.target = target
    }

    package var path: String { root + "/" + relativePath }
}

/// A file with an artifact that has to be fetched from a server.
package struct RemoteFile {
    /// The name of the file in messages.
    package let title: String
    /// The path of the copy, relative to the artifact root of the destination.
    package let target: String
    /// The size in bytes; nil if the source does not say.
    package let size: Int64?
    /// Copies the file to this machine, into a file without a name that is open for reading.
    ///
    /// - Throws: `RefusedCall` if the server refuses the file, `SourceFailure` if the server no longer answers.
    package let fetch: () throws -> Descriptor
}

/// The part of a source that is imported.
package struct TransferSelection: Sendable {
    /// The names or ids of the selected experiments; empty for all.
    package var experiments: [String] = []
    /// The ids of the selected runs; empty for all.
    package var runs: [String] = []
    /// Selects runs that started or ended at this time or later, in Unix milliseconds, or have not ended; nil for all.
    package var since: Int64?
    /// Whether artifact locations stay as they are and no files are imported.
    package var skipsArtifacts = false

    package init() {}

    /// Whether registered models are imported: only if all runs are imported.
    package var includesRegistry: Bool { experiments.isEmpty && runs.isEmpty && since == nil }

    /// Whether the experiment is selected.
    package func includes(_ experiment: Experiment) -> Bool {
        experiments.isEmpty
            || experiments.contains { $0.isExactly(experiment.name) || $0.isExactly(String(experiment.id)) }
    }

    /// Whether a run of a selected experiment is selected.
    package func includes(_ run: RunInfo) -> Bool {
        guard runs.isEmpty || runs.contains(where: { $0.isExactly(run.runID) }) else { return false }
        guard let since else { return true }
        return max(run.startTime, run.endTime ?? 0) >= since || run.endTime == nil
    }

    /// Whether a logged model of a selected experiment is selected: with all runs, or with the run that made it.
    package func includes(_ model: LoggedModelInfo) -> Bool {
        guard runs.isEmpty || runs.contains(where: { $0.isExactly(model.sourceRunID) }) else { return false }
        return since.map { max(model.creationTime, model.lastUpdatedTime) >= $0 } ?? true
    }
}

/// The reason why a source, or a file of it, cannot be read, in one line for the user.
package struct SourceFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
