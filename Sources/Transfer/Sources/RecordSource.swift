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
    /// A folder of this machine with the artifacts of something that came before.
    case artifacts(ArtifactFolder)
    /// Something that is not taken over, with its place in the source.
    case skipped(String, String)
    /// Something that the person should know, although nothing is known to be left out.
    case hint(String)
}

/// A folder with artifacts, and where its files go.
package struct ArtifactFolder: Sendable, Equatable {
    /// An absolute path of this machine.
    package var path: String
    /// Beneath the root of artifacts of the store that they go to.
    package var target: String

    package init(path: String, target: String) {
        self.path = path
        self.target = target
    }
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
