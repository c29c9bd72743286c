/// The sender of requests, identified by a credential, and the rights of that sender.
///
/// All requests with one credential share this object until the rights of the sender change.
package final class Identity: Sendable {
    package enum Kind: String, Sendable {
        /// The holder of a token that belongs to no user.
        case token
        case user
        /// A user whom a proxy or an issuer names, on a server that has no accounts of its own.
        case outsider
        /// A command on the server's machine.
        case operatorCommand = "operator"
    }

    package let kind: Kind
    /// The name under which the credential was made.
    package let name: String
    /// The user who owns what this sender creates; nil if the sender is not a user of this server.
    package let userID: Int64?
    /// Whether the sender may administer the server: users, tokens, imports and permanent removal.
    package let isAdministrator: Bool
    /// The permissions of the sender; nil if only the scope of the token limits the sender.
    package let permissions: Permissions?
    /// Whether the server answers "not found" instead of "denied" for objects that the sender may not read.
    package let hidesUnreadable: Bool

    package init(
        _ kind: Kind,
        name: String,
        userID: Int64? = nil,
        isAdministrator: Bool = false,
        permissions: Permissions? = nil,
        hidesUnreadable: Bool = false
    ) {
        self.kind = kind
        self.name = name
        self.userID = userID
        self.isAdministrator = isAdministrator
        self.permissions = permissions
        self.hidesUnreadable = hidesUnreadable
    }

    /// Whether the sender may make roles and assign them, as an administrator or as a manager of MLflow's workspace.
    package var managesRoles: Bool { isAdministrator || (kind == .user && permissions == nil) }
}
