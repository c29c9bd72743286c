package import Budgets
internal import Identities
internal import Tracking

extension Caller {
    /// The name of the identity to which stored runs and artifacts are charged; nil without an identity and for
    /// commands of the operator.
    package var owner: String? {
        guard let name = identity?.name, name != AccessToken.operatorName else { return nil }
        return name
    }
}
