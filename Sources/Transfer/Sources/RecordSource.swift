package import Files
package import Tracking

/// Something that things can be taken over from.
package protocol RecordSource {
    /// What it is, for a person: `MLflow database /x/mlflow.db (revision …)`.
    var title: String { get }

    /// Passes on everything that is selected, one thing after another, so that none names a later one.
    ///
    /// Blocks while it reads. Memory is bounded by the largest single thing, not by the source.
    func read(_ selection: TransferSelection, _ take: (TransferItem) throws -> Void) throws
}

/// A part of what a source has.
package enum TransferItem {
    case record(TransferRecord)
    /// A folder of this machine with the artifacts of the run or model that came last.
    case artifacts(ArtifactFolder)
    /// A file with an artifact of the run or model that came last, out of an archive.
    case archivedFile(ArchivedFile)
    /// A file with an artifact of the run or model that came last, which is not on this machine.
    case remoteFile(RemoteFile)
    /// Something that is not taken over, with its place in the source.
    case skipped(String, String)
    /// Something that the person should know, although nothing is known to be left out.
    case hint(String)
}

/// A folder with artifacts, and where its files go.
package struct ArtifactFolder: Sendable, Equatable {
    /// An absolute path of this machine; links in it are followed.
    package var root: String
    /// The way from the root to the folder, which no link may be part of: whoever wrote the source could otherwise have any
    /// folder of this machine copied.
    package var way: String
    /// Beneath the root of artifacts of the store that they go to.
    package var target: String

    package init(root: String, way: String, target: String) {
        self.root = root
        self.way = way
        self.target = target
    }

    package var path: String { root + "/" + way }
}

/// A file with an artifact that has to be fetched.
package struct RemoteFile {
    /// Where it is, for a person.
    package let place: String
    /// Beneath the root of artifacts of the store that it goes to.
    package let target: String
    /// In bytes; nil where the source does not tell.
    package let size: Int64?
    /// Copies it to this machine, to a file without a name, open for reading.
    ///
    /// - Throws: `RefusedCall` where the server does not give it, `SourceFailure` where there is no server any more.
    package let fetch: () throws -> Descriptor
}

/// What is taken over of a source.
package struct TransferSelection: Sendable {
    /// Names or ids of experiments; empty for all.
    package var experiments: [String] = []
    /// Ids of runs; empty for all.
    package var runs: [String] = []
    /// Only runs that started or ended at this time or later, in Unix milliseconds.
    package var since: Int64?
    /// Whether locations stay as they are, and no files come.
    package var leavesArtifacts = false

    package init() {}

    /// Whether the registry comes: not with a part of the runs.
    package var includesRegistry: Bool { experiments.isEmpty && runs.isEmpty && since == nil }

    /// Whether the experiment, or things of it, come.
    package func includes(_ experiment: Experiment) -> Bool {
        experiments.isEmpty
            || experiments.contains { $0.isExactly(experiment.name) || $0.isExactly(String(experiment.id)) }
    }

    /// Whether the run comes, if its experiment does.
    package func includes(_ run: RunInfo) -> Bool {
        guard runs.isEmpty || runs.contains(where: { $0.isExactly(run.runID) }) else { return false }
        guard let since else { return true }
        return max(run.startTime, run.endTime ?? 0) >= since || run.endTime == nil
    }

    /// Whether a logged model comes, if its experiment does: with all runs, or with the run that made it.
    package func includes(_ model: LoggedModelInfo) -> Bool {
        guard runs.isEmpty || runs.contains(where: { $0.isExactly(model.sourceRunID) }) else { return false }
        return since.map { max(model.creationTime, model.lastUpdatedTime) >= $0 } ?? true
    }
}

/// Why a source cannot be read at all, in one line for a person.
package struct SourceFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
