internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import JSON
internal import Passwords
internal import Tracking

extension MLflowAPI {
    var userEndpoints: [[Endpoint]] {
        let change = Access.change(.account)
        let adminChange = change.audited("is_admin")
        return [
            accountChange(.post, "2.0", "users/create", adminChange, createUser),
            accountLookUp("2.0", "users/get", getUser),
            accountLookUp("2.0", "users/current", getCurrentUser),
            accountLookUp("2.0", "users/list", listUsers),
            accountChange(.patch, "2.0", "users/update-password", change.audited(), updatePassword),
            accountChange(.patch, "2.0", "users/update-admin", adminChange, updateAdministrator),
            accountChange(.delete, "2.0", "users/delete", change.audited(), deleteUser),
        ]
    }

    /// The smallest number of characters in a password (`_validate_password` in MLflow's validation.py).
    private static let shortestPassword = 12
    /// The largest number of bytes in a password, because the hash of a very long one would take long.
    private static let longestPassword = 1_024

    static func passwordHash(_ password: String) throws -> String {
        guard password.unicodeScalars.count >= shortestPassword else {
            throw TrackingError.invalidParameter("Password must be at least \(shortestPassword) characters.")
        }
        guard !password.isExactly(User.knownPassword) else {
            throw TrackingError.invalidParameter(
                "This password is the one that MLflow once shipped, and everybody knows it. Choose another one."
            )
        }
        // HMAC pads a short key with zeros, so a short password would have the same hash with and without NUL at its end.
        guard !password.utf8.contains(0) else {
            throw TrackingError.invalidParameter("A password cannot contain the character NUL.")
        }
        guard password.utf8.count <= longestPassword else {
            throw TrackingError.invalidParameter("Password must be at most \(longestPassword) bytes.")
        }
        return try PasswordHash.make(password)
    }

    /// Whether the server must create the first admin when it starts: no user has this name, and either the operator has set a
    /// password for the admin or there is no admin yet.
    package func mustCreateFirstAdministrator(named name: String, hasPassword: Bool) throws -> Bool {
        try store.readNow(.cheap) { session in
            guard try session.userWithPassword(named: name) == nil else { return false }
            return try hasPassword || !session.hasAdministrator()
        }
    }

    private func createUser(_ call: AccountCall) throws -> HTTPResponse {
        try call.requireRoleManager()
        let name = try call.message.requiredString("username")
        let password = try call.message.requiredString("password")
        let isAdministrator = try call.message.boolean("is_admin") ?? false
        if isAdministrator { try call.requireAdministrator() }
        try User.validate(name: name)
        let hash = try Self.passwordHash(password)
        let user = try change(call, .user, name) {
            try $0.createUser(name, password: hash, isAdministrator: isAdministrator)
        }
        return try answer(user)
    }

    private func getUser(_ call: AccountCall) throws -> HTTPResponse {
        let name = try call.message.requiredString("username")
        let isAllowed = call.identity.isAdministrator || call.isAbout(name)
        try call.require(isAllowed, "the user '\(shortened(name))' and admins")
        return try answer(try store.readNow(.cheap) { try $0.user(named: name) })
    }

    /// Answers with a user in the form of MLflow clients before 3.10, which includes the permissions that were granted to the
    /// user directly and not by a role; later clients ignore these.
    private func answer(_ user: User) throws -> HTTPResponse {
        let (experiments, models) = try store.readNow(.cheap) { session in
            (
                try session.ownPermissions(ofUser: user.id, type: GrantedType.experiment.rawValue),
                try session.ownPermissions(ofUser: user.id, type: GrantedType.registeredModel.rawValue)
            )
        }
        return .jsonObject { writer in
            writer.key("user")
            writer.beginObject()
            writer.identity(of: user)
            writer.memberArray("experiment_permissions") { writer in
                for (pattern, permission) in experiments {
                    writer.legacyPermission("experiment_id", pattern, ofUser: user.id, permission)
                }
            }
            writer.memberArray("registered_model_permissions") { writer in
                for (pattern, permission) in models {
                    writer.legacyPermission("name", pattern, ofUser: user.id, permission)
                }
            }
            writer.endObject()
        }
    }

    private func getCurrentUser(_ call: AccountCall) throws -> HTTPResponse {
        guard let id = call.identity.userID, let user = try store.readNow(.cheap, { try $0.user(id: id) }) else {
            throw TrackingError.doesNotExist(
                "This call was sent with a token that belongs to no user; send it with a user's password or token."
            )
        }
        return .jsonObject { writer in
            writer.memberObject("user") { $0.identity(of: user) }
            writer.member("is_basic_auth", true)
        }
    }

    private func listUsers(_ call: AccountCall) throws -> HTTPResponse {
        let (users, roles, idsOfUsers) = try store.readNow { session in
            (try session.users(), try session.roles(), try session.roleIDsOfUsers())
        }
        let byID = Dictionary(roles.map { ($0.id, $0) }, uniquingKeysWith: { one, _ in one })
        return .jsonObject { writer in
            writer.memberArray("users") { writer in
                for user in users {
                    writer.beginObject()
                    writer.identity(of: user)
                    let isShown = call.identity.managesRoles || call.isAbout(user.name)
                    writer.memberArray("roles") { writer in
                        let ids = isShown ? idsOfUsers[user.id] ?? [] : []
                        for id in ids { if let role = byID[id] { writer.write(role) } }
                    }
                    writer.endObject()
                }
            }
        }
    }

    private func updatePassword(_ call: AccountCall) throws -> HTTPResponse {
        let name = try call.message.requiredString("username")
        let password = try call.message.requiredString("password")
        let isOwn = call.isAbout(name)
        try call.require(call.identity.isAdministrator || isOwn, "the user '\(shortened(name))' and admins")
        guard !isOwn else { return try replaceOwnPassword(name, password, call) }
        let hash = try Self.passwordHash(password)
        // Somebody else may know the password that an admin resets, so the user's tokens are revoked too.
        try change(call, .user, name) { try $0.resetPassword(hash, ofUser: name) }
        try settings.access?.reload()
        return .empty
    }

    private func replaceOwnPassword(_ name: String, _ password: String, _ call: AccountCall) throws -> HTTPResponse {
        // The current password is required, so that a person who finds a logged-in browser cannot lock the user out.
        let user = try userWithCurrentPassword(name, in: call, differentFrom: password)
        let hash = try Self.passwordHash(password)
        try change(call, .user, name) { session in
            // If an admin has reset the password since it was checked, nothing is changed: somebody who knows only the old
            // password must not undo the reset.
            guard let checked = user.password,
                try session.replacePassword(checked, with: hash, ofUser: user.user.id)
            else { throw Self.wrongCurrentPassword }
        }
        return .empty
    }

    private static let wrongCurrentPassword = TrackingError.invalidParameter("Current password does not match.")

    private func userWithCurrentPassword(
        _ name: String,
        in call: AccountCall,
        differentFrom new: String
    ) throws -> KnownUser {
        guard let current = try call.message.string("current_password"), !current.isEmpty else {
            throw TrackingError.invalidParameter("Current password is required when changing your own password.")
        }
        let peer = call.request.caller.peer
        guard let user = try settings.access?.checkedUser(named: name, current, from: peer),
            user.user.id == call.identity.userID
        else { throw Self.wrongCurrentPassword }
        guard !new.isExactly(current) else {
            throw TrackingError.invalidParameter("New password must differ from the current password.")
        }
        return user
    }

    private func updateAdministrator(_ call: AccountCall) throws -> HTTPResponse {
        try call.requireAdministrator()
        let name = try call.message.requiredString("username")
        guard let isAdministrator = try call.message.boolean("is_admin") else {
            throw RequestMessage.missing("is_admin")
        }
        try change(call, .user, name) { try $0.setAdministrator(isAdministrator, user: name) }
        return .empty
    }

    private func deleteUser(_ call: AccountCall) throws -> HTTPResponse {
        try call.requireAdministrator()
        let name = try call.message.requiredString("username")
        guard !call.isAbout(name) else {
            throw TrackingError(
                .badRequest,
                "Users cannot delete their own account. Ask another admin to delete this user instead."
            )
        }
        try change(call, .user, name) { try $0.deleteUser(name) }
        // The user's tokens and log-ins were deleted with the user, so both are read again.
        try settings.access?.reload()
        try settings.access?.reloadLogIns()
        return .empty
    }
}

extension JSONWriter {
    fileprivate mutating func identity(of user: User) {
        member("id", user.id)
        member("username", user.name)
        member("is_admin", user.isAdministrator)
    }

    /// Writes a permission in the form of MLflow clients before 3.10, for which a denied permission is NO_PERMISSIONS.
    mutating func legacyPermission(_ field: String, _ resource: String, ofUser id: Int64, _ permission: String) {
        beginObject()
        key(field)
        string(resource)
        member("user_id", id)
        member("permission", permission == PermissionLevel.denied.wireName ? PermissionLevel.none.wireName : permission)
        endObject()
    }
}
