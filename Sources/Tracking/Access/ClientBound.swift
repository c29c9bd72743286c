package import Budgets
package import Identities

/// An object that works for one client and checks that client's permissions, such as a session of a store.
///
/// An entity that a client with a limited token may not read seems not to exist. A user with limited permissions gets
/// `.permissionDenied`, both for an entity that the user may not read and for one that does not exist.
package protocol ClientBound {
    /// The client that waits for the result.
    var caller: Caller { get }
}

extension ClientBound {
    /// The client's permissions; nil if the client may do everything.
    package var permissions: Permissions? { caller.identity?.permissions }

    /// Whether entities that the client may not read seem not to exist: true for limited tokens.
    package var hidesUnreadable: Bool { caller.identity?.hidesUnreadable ?? false }

    /// Throws unless the client may perform an action on an entity.
    ///
    /// - Parameter missing: the error for an entity that does not exist.
    package func require(
        _ action: PermittedAction,
        on thing: ProtectedThing,
        orThrow missing: @autoclosure () -> TrackingError
    ) throws(TrackingError) {
        guard caller.identity?.permissions?.allows(action, on: thing) == false else { return }
        guard permissions?.allows(.read, on: thing) == true else { throw missingOrForbidden(missing()) }
        throw permissionDenied(action, on: thing)
    }

    /// Returns the error for an entity that does not exist or that the client may not read.
    ///
    /// A user gets the same error in both cases, so that the error does not reveal which ids exist.
    package func missingOrForbidden(_ missing: TrackingError) -> TrackingError {
        guard let identity = caller.identity, identity.permissions != nil, !hidesUnreadable else { return missing }
        return TrackingError(
            .permissionDenied,
            "Permission denied: what this call asks for does not exist, or \(identity.nameForMessages) may not read it. Check "
                + "the id, or ask an admin, or someone who may manage the experiment or model, to grant READ."
        )
    }

    /// Returns the error for an entity that the client may read, but on which it may not perform `action`.
    private func permissionDenied(_ action: PermittedAction, on thing: ProtectedThing) -> TrackingError {
        let level = permissions?.level(of: thing).wireName ?? ""
        return TrackingError(
            .permissionDenied,
            "Permission denied: \(caller.identity?.nameForMessages ?? "this client") has \(level) on "
                + "\(thing.nameForMessages), and this call needs \(action.level.wireName). An admin, or whoever may "
                + "manage \(thing.nameForMessages), can grant that."
        )
    }

    /// Throws if a role denies the client the creation of entities of this type.
    ///
    /// The calling function must also require permission to change the experiment or model that will contain the new entity.
    package func requireCreation(of type: GrantedType, named name: String? = nil) throws(TrackingError) {
        guard let permissions, !permissions.allowsCreation(of: type, named: name) else { return }
        throw TrackingError(
            .permissionDenied,
            "Permission denied: \(caller.identity?.nameForMessages ?? "this client") may not create this, because a role has "
                + "DENY for \(type.rawValue). An admin can change the role."
        )
    }

    /// Throws unless the client, which may delete the experiment, may also delete or restore all contents of the experiment.
    package func requireDeletionOfContents(ofExperiment id: Int64) throws(TrackingError) {
        guard let permissions, !permissions.allowsDeletion(ofExperiment: id) else { return }
        throw permissionDenied(.delete, on: .run(inExperiment: id))
    }

    /// Throws unless the client, which may delete the registered model or prompt, may also delete its versions.
    package func requireDeletionOfVersions(ofModel name: String, isPrompt: Bool) throws(TrackingError) {
        guard let permissions, !permissions.allowsDeletion(ofModel: name, isPrompt: isPrompt) else { return }
        throw permissionDenied(.delete, on: .version(ofModel: name, isPrompt: isPrompt))
    }
}

// MARK: Visible entities

extension ClientBound {
    /// Whether an experiment, and everything that belongs to it, seems not to exist for the client.
    package func hides(experiment id: Int64) -> Bool {
        guard hidesUnreadable, let permissions else { return false }
        return permissions.level(ofExperiment: id) < .read
    }

    /// Whether a run is visible to the client; false if the run does not exist, or is hidden from a limited token.
    ///
    /// - Parameter experiment: the experiment of the run; nil if there is no run with the id.
    /// - Throws: `.permissionDenied` if a user with limited permissions asks for a run that does not exist or that the user may
    ///   not read.
    package func canSee(run runID: String, inExperiment experiment: Int64?) throws(TrackingError) -> Bool {
        guard let experiment, !hides(experiment: experiment) else {
            if permissions != nil, !hidesUnreadable { throw missingOrForbidden(.runNotFound(runID)) }
            return false
        }
        try require(.read, on: .run(inExperiment: experiment), orThrow: .runNotFound(runID))
        return true
    }

    /// Whether the client may read the runs of an experiment, for results that silently leave out runs that it may not read.
    package func canReadRuns(ofExperiment id: Int64) -> Bool {
        permissions?.allows(.read, on: .run(inExperiment: id)) ?? true
    }

    /// Returns a registered model without its versions and aliases if the client may read the model but not its versions.
    package func readable(_ model: RegisteredModel) -> RegisteredModel {
        let versions = ProtectedThing.version(ofModel: model.name, isPrompt: model.tags.belongToPrompt)
        guard let permissions, !permissions.allows(.read, on: versions) else { return model }
        var model = model
        model.latestVersions = []
        model.aliases = []
        return model
    }
}

// MARK: Changes that only a client without limits may make

extension ClientBound {
    /// Throws if a client with limited permissions chooses an artifact location that this server itself uses.
    ///
    /// Otherwise the client could choose the folder of another experiment, whose artifacts it may not read.
    /// - Parameter buckets: the buckets that the server uses.
    package func requireLocationOutsideServer(
        _ location: String?,
        servedBuckets buckets: Set<String>
    ) throws(TrackingError) {
        guard permissions != nil, let location, ArtifactLocation(location).isServed(with: buckets) else { return }
        throw TrackingError(
            .permissionDenied,
            "Permission denied: only admins may choose a folder on this server for the artifacts of an experiment. "
                + "Leave out artifact_location."
        )
    }

    /// Throws for a limited token, which may not rename experiments: the answer could reveal that another experiment, which the
    /// token must not see, has the new name.
    package func requirePermissionToRenameExperiments() throws(TrackingError) {
        guard hidesUnreadable else { return }
        throw TrackingError(
            .permissionDenied,
            "A token that is limited to some experiments cannot rename them: the new name might already be used by "
                + "an experiment that the token may not see."
        )
    }

    /// Throws if a client with limited permissions wants to change the prompt tag.
    ///
    /// That tag decides whether the grants for registered models or those for prompts apply to the model.
    package func requireNotPromptTag(_ key: String) throws(TrackingError) {
        guard permissions != nil, key.isExactly(Tag.isPromptKey) else { return }
        throw TrackingError(
            .permissionDenied,
            "Permission denied: only admins may change the tag '\(Tag.isPromptKey)' of a model, because that tag "
                + "decides which permissions apply to the model."
        )
    }
}

extension ArtifactLocation {
    /// Whether this server may use the location: a folder of its own, or anything in one of its buckets.
    fileprivate func isServed(with buckets: Set<String>) -> Bool {
        switch scheme {
        case nil, "file", "http", "https", "mlflow-artifacts": true
        case "s3": bucket.map { buckets.contains($0) } ?? true
        default: false
        }
    }
}

extension Identity {
    fileprivate var nameForMessages: String {
        switch kind {
        case .user, .outsider: "the user '\(name)'"
        case .token: "the token '\(name)'"
        case .operatorCommand: "this command"
        }
    }
}

extension ProtectedThing {
    fileprivate var nameForMessages: String {
        switch self {
        case .experiment(let id): "the experiment \(id)"
        case .run(let id): "the runs of experiment \(id)"
        case .loggedModel(let id): "the logged models of experiment \(id)"
        case .model(let name, let isPrompt): "the \(isPrompt ? "prompt" : "registered model") '\(shortened(name))'"
        case .version(let name, let isPrompt):
            "the versions of \(isPrompt ? "prompt" : "registered model") '\(shortened(name))'"
        }
    }
}
