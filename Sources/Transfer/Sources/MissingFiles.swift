internal import Tracking

/// Counts the runs and models that should have artifacts but have no folder on this machine.
///
/// Only their numbers are reported, because thousands of runs are affected if an artifact root is missing.
final class MissingFiles {
    enum Kind: String, CaseIterable {
        case runs, models = "logged models"
    }

    private var counts: [Kind: (count: Int, first: String)] = [:]

    /// Counts a run without a folder, if its tags say that artifacts were logged.
    func add(_ run: Run) {
        let wasLogged = run.tags.contains { ["mlflow.loggedArtifacts", "mlflow.log-model.history"].contains($0.key) }
        if wasLogged { add(.runs, run.info.runID) }
    }

    /// Counts a logged model without a folder, if it is ready and its files are not marked as external.
    func add(_ model: LoggedModel) {
        let isExternal = model.tags.contains { $0.key == "mlflow.model.isExternal" && $0.value.lowercased() == "true" }
        if model.info.status == .ready, !isExternal { add(.models, model.info.modelID) }
    }

    private func add(_ kind: Kind, _ id: String) { counts[kind, default: (0, id)].count += 1 }

    func report(to emit: (TransferItem) throws -> Void) throws {
        for kind in Kind.allCases {
            guard let (count, first) = counts[kind] else { continue }
            let reason =
                "the files of \(count) are not found, the first is \(first); if they are elsewhere, import again with "
                + "--artifacts-from and the folder that contains them"
            try emit(.skipped("artifacts of \(kind.rawValue)", reason))
        }
        counts = [:]
    }
}
