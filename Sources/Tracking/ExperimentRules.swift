/// Throws if an experiment cannot have the name (`_validate_experiment_name` in `validation.py`).
///
/// A name has 1 to 500 Unicode scalars. A name with NUL is refused, because no client could search for it.
package func validateExperimentName(_ name: String) throws(TrackingError) {
    guard !name.isEmpty else { throw .invalidParameter("Invalid experiment name: ''") }
    _ = try name.checked("name", limit: TrackingLimits.experimentNameLength)
    guard !name.utf8.contains(0) else {
        throw .invalidParameter("Invalid experiment name: \(jsonText(name)). Names cannot contain NUL.")
    }
}

/// Throws if an `artifact_location` is not allowed (`_validate_storage_location_uri` in `handlers.py`).
///
/// Refuses more than 2,048 Unicode scalars, control characters, a fragment, parameters, `..` in the query (also
/// percent-encoded several times), `runs:` URIs, and `file:` URIs with another host. Also refuses URIs whose scheme
/// makes clients connect to the host in the URI, unless one of `trustedRoots`, the configured artifact roots, has the
/// same scheme and host. `..` in the path is allowed, because the server only passes the location on to clients.
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
    /// The artifact location of an experiment that is created without a location: a folder named by the id.
    package static func defaultLocation(id: Int64, beneath root: ArtifactLocation) -> String {
        root.appending(String(id)).uri
    }

    /// The location of the artifacts of a run.
    package static func runLocation(_ runID: String, beneath artifactLocation: String) -> String {
        ArtifactLocation(artifactLocation).appending("\(runID)/artifacts").uri
    }

    /// Throws `.invalidParameterValue` for an artifact location in which no run could be created, because the location of the
    /// run's artifacts would have more Unicode scalars than fit into the database.
    ///
    /// - Parameter limit: the maximum number of Unicode scalars in the location of a run's artifacts.
    package static func requireShortLocation(_ artifactLocation: String, limit: Int) throws(TrackingError) {
        let runID = String(repeating: "0", count: 32)
        let length = runLocation(runID, beneath: artifactLocation).unicodeScalars.count
        guard length > limit else { return }
        throw .invalidParameter(
            "Invalid 'artifact_location': no run could be created in the experiment, because the location of the run's "
                + "artifacts would have \(length) characters, and the database column runs.artifact_uri has room for "
                + "\(limit). Shorten 'artifact_location' by \(length - limit)."
        )
    }

    /// The experiment, active or deleted, that already has a name.
    package struct NameHolder: Sendable {
        let id: Int64
        let stage: LifecycleStage

        package init(id: Int64, stage: LifecycleStage) {
            self.id = id
            self.stage = stage
        }
    }

    /// Throws `.resourceAlreadyExists` if another experiment, active or deleted, already has the name.
    ///
    /// - Parameter holder: the experiment that has the name; nil if no experiment has it.
    package static func requireUnusedName(_ name: String, holder: NameHolder?) throws(TrackingError) {
        guard let holder else { return }
        let remedy =
            holder.stage == .deleted
            ? " It is deleted: restore it with experiments/restore, remove it permanently with "
                + "`apus gc --experiment-ids \(holder.id)`, or choose another name."
            : ""
        throw TrackingError(.resourceAlreadyExists, "Experiment(name=\(name)) already exists.\(remedy)")
    }

    /// Throws if the experiment is deleted, or if another experiment has the new name.
    ///
    /// - Parameter isTaken: whether any experiment, including this one, has the new name.
    /// - Throws: `.invalidState` for a deleted experiment, `.badRequest` if another experiment has the name.
    package func requireRenamable(to newName: String, isTaken: Bool) throws(TrackingError) {
        guard lifecycleStage == .active else {
            throw TrackingError(.invalidState, "Cannot rename a non-active experiment.")
        }
        guard name.isExactly(newName) || !isTaken else {
            throw TrackingError(.badRequest, "The name '\(newName)' belongs to another experiment; choose another one.")
        }
    }

    /// Throws `.invalidParameterValue` if the experiment is deleted.
    package func requireActive() throws(TrackingError) {
        try lifecycleStage.requireActive("experiment", id: String(id))
    }

    /// Throws `.resourceDoesNotExist`, as MLflow does, if the experiment already has the stage that the move gives it.
    package func requireMovable(by move: LifecycleMove) throws(TrackingError) {
        guard lifecycleStage != move.stage else { throw .experimentNotFound(id) }
    }
}
