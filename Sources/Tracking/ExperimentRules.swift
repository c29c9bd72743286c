/// Refuses an experiment name that MLflow does not allow: the empty one and one of more than 500 scalars
/// (`_validate_experiment_name` in `validation.py`), and one with NUL, which no query can ask for.
package func validateExperimentName(_ name: String) throws(TrackingError) {
    guard !name.isEmpty else { throw .invalidParameter("Invalid experiment name: ''") }
    _ = try name.checked("name", limit: TrackingLimits.experimentNameLength)
    guard !name.utf8.contains(0) else {
        throw .invalidParameter("Invalid experiment name: \(jsonText(name)). Names cannot contain NUL.")
    }
}

/// Refuses an `artifact_location` that MLflow does not allow (`_validate_storage_location_uri` in `handlers.py`).
///
/// Refused are fragments and parameters, `..` in the query however often it is encoded, `runs:` URIs, `file:` URIs of
/// another host, control characters, more than 2,048 scalars, and schemes whose repository connects to the host in the
/// URI, unless `trustedRoots` (the configured artifact roots) has the same scheme and host. `..` in the path is legal:
/// the location is text for the client.
package func validateArtifactLocation(_ text: String, trustedRoots: [String] = []) throws(TrackingError) {
    guard !text.isLonger(than: TrackingLimits.artifactLocationLength) else {
        throw .invalidParameter(
            "Invalid artifact path length. The length of the artifact path cannot be greater than "
                + "\(TrackingLimits.artifactLocationLength) characters."
        )
    }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        throw .invalidValue(text, path: "artifact_location", "It must not contain control characters.")
    }
    let parts = LocationParts(text)
    guard parts.fragment.isEmpty, parts.parameters.isEmpty else {
        throw .invalidParameter("'artifact_location' URL can't include fragments or params.")
    }
    guard !fullyDecoded(Array(parts.query.utf8)).containsParentReference else {
        throw .invalidParameter("Invalid query string")
    }
    guard parts.scheme != "runs" else {
        throw .invalidParameter("Artifact location cannot be a runs:/ URI. Given: '\(text)'")
    }
    try validateHost(parts, in: text, trustedRoots: trustedRoots)
}

private func validateHost(_ parts: LocationParts, in text: String, trustedRoots: [String]) throws(TrackingError) {
    if parts.scheme == "file" {
        let local: Set<String> = ["", ".", "localhost", "127.0.0.1"]
        guard local.contains(parts.authority.lowercased()) else {
            throw .invalidParameter("\(text) is not a valid remote uri. Use a file URI without a host.")
        }
    }
    try parts.requireTrustedHost(field: "artifact_location", trustedRoots: trustedRoots)
}

extension Experiment {
    /// Where an experiment keeps its artifacts when its creator named no location: a folder named by its id.
    package static func defaultLocation(id: Int64, beneath root: ArtifactLocation) -> String {
        root.appending(String(id)).uri
    }

    /// Refuses the name of a new experiment that another one has, active or deleted.
    ///
    /// - Parameter holder: the stage of the experiment that has the name; nil when there is none.
    package static func requireUnusedName(_ name: String, holder: LifecycleStage?) throws(TrackingError) {
        guard let holder else { return }
        let remedy =
            holder == .deleted ? " It is deleted: restore it with experiments/restore, or choose another name." : ""
        throw TrackingError(.resourceAlreadyExists, "Experiment(name=\(name)) already exists.\(remedy)")
    }

    /// Refuses to rename a deleted experiment, and to give it the name of another one.
    ///
    /// - Parameter isTaken: whether an experiment, perhaps this one, has the name.
    package func requireRenamable(to newName: String, isTaken: Bool) throws(TrackingError) {
        guard lifecycleStage == .active else {
            throw TrackingError(.invalidState, "Cannot rename a non-active experiment.")
        }
        guard name.isExactly(newName) || !isTaken else {
            throw TrackingError(.badRequest, "The name '\(newName)' belongs to another experiment; choose another one.")
        }
    }

    /// Refuses to write a deleted experiment.
    package func requireActive() throws(TrackingError) {
        try lifecycleStage.requireActive("experiment", id: String(id))
    }

    /// Refuses to delete a deleted experiment and to restore an active one, as if there were none.
    package func requireMovable(by move: LifecycleMove) throws(TrackingError) {
        guard lifecycleStage != move.stage else { throw .experimentNotFound(id) }
    }
}
