internal import Budgets
internal import Identities
internal import SQLite
internal import Tracking

/// What read and write sessions have in common: the database connection, and a client whose permissions are checked.
///
/// Extensions of this protocol look up entities by id, and throw if the client may not perform the requested action.
/// Searches leave out what the client may not read. For a limited token, an entity that it may not read seems not to
/// exist; a user gets `.permissionDenied` in both cases, whether the entity exists or not.
protocol ClientSession: AnyObject {
    var connection: Connection { get }
    var caller: Caller { get }
    /// The action for which a permission is required unless the caller names another.
    static var usualAction: PermittedAction { get }
}

extension ClientSession {
    /// The client's permissions; nil if the client may do everything.
    var permissions: Permissions? { caller.identity?.permissions }

    /// Whether entities that the client may not read seem not to exist, which is so for limited tokens.
    var hidesOthers: Bool { caller.identity?.hidesOthers ?? false }

    /// Throws unless the client may perform an action on an entity.
    ///
    /// - Parameter missing: the error for an entity that does not exist.
    func require(
        _ action: PermittedAction,
        on thing: ProtectedThing,
        orThrow missing: @autoclosure () -> TrackingError
    ) throws {
        guard let permissions, !permissions.allows(action, on: thing) else { return }
        guard permissions.allows(.read, on: thing) else { throw missingOrForbidden(missing()) }
        throw permissionDenied(action, on: thing)
    }

    /// Returns the error for an entity that does not exist or that the client may not read.
    ///
    /// A user gets the same error in both cases, so that it does not reveal which ids exist.
    func missingOrForbidden(_ missing: TrackingError) -> TrackingError {
        guard let identity = caller.identity, identity.permissions != nil, !identity.hidesOthers else { return missing }
        return TrackingError(
            .permissionDenied,
            "Permission denied: what this call asks for does not exist, or \(identity.shown) may not read it. Check "
                + "the id, or ask an admin, or someone who may manage the experiment or model, to grant READ."
        )
    }

    /// Returns the error for an entity that the client may read, but on which it may not perform `action`.
    func permissionDenied(_ action: PermittedAction, on thing: ProtectedThing) -> TrackingError {
        let level = permissions?.level(of: thing).wireName ?? ""
        return TrackingError(
            .permissionDenied,
            "Permission denied: \(caller.identity?.shown ?? "this client") has \(level) on \(thing.shown), and this "
                + "call needs \(action.level.wireName). An admin, or whoever may manage \(thing.shown), can grant that."
        )
    }

    /// Throws if a role denies the client the creation of entities of this type.
    ///
    /// The caller also requires permission to change the experiment or model that will contain the new entity.
    func requireCreation(of type: GrantedType, named name: String? = nil) throws {
        guard let permissions, !permissions.allowsCreation(of: type, named: name) else { return }
        throw TrackingError(
            .permissionDenied,
            "Permission denied: \(caller.identity?.shown ?? "this client") may not create this, because a role has "
                + "DENY for \(type.rawValue). An admin can change the role."
        )
    }

    /// Whether the client may read an experiment and everything in it.
    func canRead(experiment id: Int64) -> Bool { permissions.map { $0.level(ofExperiment: id) >= .read } ?? true }

    /// Returns those of the experiments that the client may read.
    func readable(_ experimentIDs: [Int64]) -> [Int64] { experimentIDs.filter(canRead(experiment:)) }
}

extension ReadSession: ClientSession {
    static var usualAction: PermittedAction { .read }
}

extension WriteSession: ClientSession {
    static var usualAction: PermittedAction { .update }
}

extension Identity {
    fileprivate var shown: String {
        switch kind {
        case .user: "the user '\(name)'"
        case .token: "the token '\(name)'"
        case .operatorCommand: "this command"
        }
    }
}

extension ProtectedThing {
    fileprivate var shown: String {
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
