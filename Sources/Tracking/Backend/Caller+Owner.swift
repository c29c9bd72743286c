package import Budgets
internal import Identities

extension Caller {
    /// The owner of the runs and artifacts that the client stores; nil for a client without an identity and for the operator's
    /// commands.
    package var owner: StorageOwner? {
        switch identity?.kind {
        case .token: identity.map { StorageOwner(.token, $0.name) }
        case .user, .outsider: identity.map { StorageOwner(.user, $0.name) }
        case .operatorCommand, nil: nil
        }
    }
}
