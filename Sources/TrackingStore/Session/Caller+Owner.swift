package import Budgets
internal import Identities
internal import Tracking

extension Caller {
    /// The name under which things that it stores are counted; nil where nobody is asked, and for commands of the operator.
    package var owner: String? {
        guard let name = identity?.name, name != AccessToken.operatorName else { return nil }
        return name
    }
}
