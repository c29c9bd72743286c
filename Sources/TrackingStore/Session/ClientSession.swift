internal import Budgets
internal import Identities
internal import SQLite
internal import Tracking

/// What reads and writes have in common: the database, and a client that may not do everything.
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
    /// What the client may do; nil for one that may do everything.
    var permissions: Permissions? { caller.identity?.permissions }

    /// Whether what the client may not read is not there for it.
    var hidesOthers: Bool { caller.identity?.hidesOthers ?? false }

    /// Throws unless the client may do something with a thing that is stored.
    ///
    /// - Parameter missing: the error for a thing that is not there.
    func require(
        _ action: PermittedAction,
        on thing: ProtectedThing,
        orThrow missing: @autoclosure () -> TrackingError
    ) throws {
        guard let permissions, !permissions.allows(action, on: thing) else { return }
        guard permissions.allows(.read, on: thing) else { throw notThere(missing()) }
        throw lacking(action, on: thing)
    }

    /// The error for a thing that is not stored or may not be read: a user learns no more than that.
    func notThere(_ missing: TrackingError) -> TrackingError {
        guard let identity = caller.identity, identity.permissions != nil, !identity.hidesOthers else { return missing }
        return TrackingError(
            .permissionDenied,
            "Permission denied: for \(identity.shown) this is not there, or may not be read. Check the id; who may manage the "
                + "experiment or model, or an admin, can grant READ."
        )
    }

    /// The error for a thing that may be read, but no more.
    func lacking(_ action: PermittedAction, on thing: ProtectedThing) -> TrackingError {
        let level = permissions?.level(of: thing).wireName ?? ""
        return TrackingError(
            .permissionDenied,
            "Permission denied: \(caller.identity?.shown ?? "this client") has \(level) on \(thing.shown), and this call needs "
                + "\(action.level.wireName). Who may manage it, or an admin, can grant that."
        )
    }

    /// Throws unless the client may make a thing of a type, inside what it may change.
    func requireCreation(of type: GrantedType, named name: String? = nil) throws {
        guard let permissions, !permissions.allowsCreation(of: type, named: name) else { return }
        throw TrackingError(
            .permissionDenied,
            "Permission denied: \(caller.identity?.shown ?? "this client") may not create this, because a role has DENY for "
                + "\(type.rawValue). An admin can change the role."
        )
    }

    /// Whether an experiment, and everything that belongs to it, is there for the client.
    func sees(experiment id: Int64) -> Bool { permissions.map { $0.level(ofExperiment: id) >= .read } ?? true }
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
