internal import Tracking

/// What must have artifacts by what is known of it, and has no folder on this machine.
///
/// It is counted: where one folder was left behind, it is that of thousands.
final class MissingFiles {
    enum Kind: String, CaseIterable {
        case runs, models = "logged models"
    }

    private var counts: [Kind: (count: Int, first: String)] = [:]

    /// Notes a run that has no folder, if its tags say that artifacts were logged.
    func note(_ run: Run) {
        let wasLogged = run.tags.contains { ["mlflow.loggedArtifacts", "mlflow.log-model.history"].contains($0.key) }
        if wasLogged { note(.runs, run.info.runID) }
    }

    /// Notes a logged model that has no folder: one that is ready has files, unless they are elsewhere by intent.
    func note(_ model: LoggedModel) {
        let isExternal = model.tags.contains { $0.key == "mlflow.model.isExternal" && $0.value.lowercased() == "true" }
        if model.info.status == .ready, !isExternal { note(.models, model.info.modelID) }
    }

    private func note(_ kind: Kind, _ id: String) {
        counts[kind, default: (0, id)].count += 1
    }

    func report(to take: (TransferItem) throws -> Void) throws {
        for kind in Kind.allCases {
            guard let (count, first) = counts[kind] else { continue }
            let reason =
                "no files are found of \(count), the first is \(first); if they are elsewhere, import again with "
                + "--artifacts-from and the folder that holds them"
            try take(.skipped("artifacts of \(kind.rawValue)", reason))
        }
        counts = [:]
    }
}
