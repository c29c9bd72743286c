/// Who sends requests, as a credential has shown, and what is there for that one.
///
/// The same object stands for all requests with one credential until what it may do changes.
package final class Identity: Sendable {
    package enum Kind: String, Sendable {
        /// The holder of a token that belongs to no user.
        case token
        case user
        /// Somebody whom a proxy or an issuer names, on a server without users.
        case outsider
        /// A command on the server's machine.
        case operatorCommand = "operator"
    }

    package let kind: Kind
    /// The name under which the credential was made.
    package let name: String
    /// The user to whom belongs what is created; nil where there is none.
    package let userID: Int64?
    /// Whether this one looks after the server: users, tokens, imports, removal for good.
    package let isAdministrator: Bool
    /// What may be done; nil for one that may do everything that the scope of its token allows.
    package let permissions: Permissions?
    /// Whether things that may not be read are answered as if they did not exist, and not with a refusal.
    package let hidesOthers: Bool

    package init(
        _ kind: Kind,
        name: String,
        userID: Int64? = nil,
        isAdministrator: Bool = false,
        permissions: Permissions? = nil,
        hidesOthers: Bool = false
    ) {
        self.kind = kind
        self.name = name
        self.userID = userID
        self.isAdministrator = isAdministrator
        self.permissions = permissions
        self.hidesOthers = hidesOthers
    }

    /// Whether this one may make roles and give them to users, as an administrator or the manager of MLflow's workspace.
    package var managesRoles: Bool { isAdministrator || (kind == .user && permissions == nil) }
}
