internal import Budgets
internal import Identities
internal import SQLite
internal import Tracking

/// What read and write sessions have in common: the database connection, and a client whose permissions are checked.
///
/// The look-ups by id, which stand in extensions of this protocol, are told what a thing is looked up for and fail for what the
/// client may not do with it, and
/// searches leave out what it may not read. To the holder of a token that is limited, what may not be read is not there; a user
/// is refused, whether it is there or not.
protocol ClientSession: AnyObject {
    var connection: Connection { get }
    var caller: Caller { get }
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

    /// Whether an experiment, and everything that belongs to it, is there for the client.
    func canRead(experiment id: Int64) -> Bool { permissions.map { $0.level(ofExperiment: id) >= .read } ?? true }
}

extension ReadSession: ClientSession {}

extension WriteSession: ClientSession {}

extension Identity {
    fileprivate var shown: String {
        switch kind {
        case .user, .outsider: "the user '\(name)'"
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
