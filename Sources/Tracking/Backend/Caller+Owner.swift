package import Budgets
internal import Identities

extension Caller {
    /// To whom stored runs and artifacts are charged; nil without an identity and for commands of the operator.
    package var owner: StorageOwner? {
        switch identity?.kind {
        case .token: identity.map { StorageOwner(.token, $0.name) }
        case .user, .outsider: identity.map { StorageOwner(.user, $0.name) }
        case .operatorCommand, nil: nil
        }
    }
}
