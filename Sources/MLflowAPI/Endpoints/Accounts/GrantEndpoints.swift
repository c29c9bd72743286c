internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import JSON
internal import Tracking

extension MLflowAPI {
    /// The calls about the grants of single users on one experiment or model, or on all of them.
    var grantEndpoints: [[Endpoint]] {
        [
            accountChange(.post, "3.0", "users/permissions/grant", Self.grantAccess, grantPermission),
            accountChange(.post, "3.0", "users/permissions/revoke", Self.grantAccess, revokePermission),
            accountLookUp("3.0", "users/permissions/get", getPermission),
            accountLookUp("3.0", "users/permissions/list", listPermissions),
            accountLookUp("3.0", "users/current/permissions", listCurrentPermissions),
            accountEndpoint(.get, .apus, "grants/list", .lookUp(.grant), listGrants),
        ]
    }

    private static let grantAccess = Access.change(.grant).audited("resource_type", "resource_id", "permission")

    /// Throws unless the caller may manage a resource, or all resources of its type, and so may grant permissions on it.
    func requireManager(of type: GrantedType, _ pattern: String, _ call: AccountCall) throws {
        guard !call.identity.managesRoles else { return }
        var mayManage = false
        if pattern != Grant.everything, call.identity.kind == .user, let permissions = call.identity.permissions {
            switch type {
            case .experiment:
                mayManage =
                    Permissions.experimentID(pattern).map { permissions.level(ofExperiment: $0) == .manage } ?? false
            case .registeredModel, .prompt:
                mayManage = permissions.level(ofModel: pattern, isPrompt: type == .prompt) == .manage
            default: break
            }
        }
        try call.require(mayManage, "users who may manage this, and admins")
    }

    private static func grantedType(_ message: RequestMessage) throws -> GrantedType {
        let type = try GrantedType(parsing: try message.requiredString("resource_type"))
        guard type != .workspace else {
            throw TrackingError.invalidParameter(
                "resource_type 'workspace' is not supported by the per-user permission convenience APIs. Give the user a role "
                    + "with such a permission instead."
            )
        }
        return type
    }

    private func grantPermission(_ call: AccountCall) throws -> HTTPResponse {
        let type = try Self.grantedType(call.message)
        let pattern = try call.message.requiredString("resource_id")
        try requireManager(of: type, pattern, call)
        let name = try call.message.requiredString("username")
        let permission = try call.message.requiredString("permission")
        _ = try store.readNow(.cheap) { try $0.user(named: name) }
        let grant = try Grant(type: type.rawValue, pattern: pattern, permission: permission)
        try change(call, .user, name) { try $0.grant(grant, toUser: name) }
        return .empty
    }

    private func revokePermission(_ call: AccountCall) throws -> HTTPResponse {
        let type = try Self.grantedType(call.message)
        let pattern = try call.message.requiredString("resource_id")
        try requireManager(of: type, pattern, call)
        let name = try call.message.requiredString("username")
        try change(call, .user, name) { try $0.revoke(type, pattern, fromUser: name) }
        return .empty
    }

    /// Answers with the permission that a user has by grants alone, even if the user is an admin.
    private func getPermission(_ call: AccountCall) throws -> HTTPResponse {
        let type = try Self.grantedType(call.message)
        let name = try call.message.requiredString("username")
        try call.require(call.identity.managesRoles || call.isAbout(name), "the user '\(shortened(name))' and admins")
        let pattern = try call.message.requiredString("resource_id")
        try type.validate(pattern: pattern)
        let grants = try store.readNow(.cheap) { try $0.grants(ofUser: try $0.user(named: name).id) }
        let defaultLevel = settings.access?.defaultLevel ?? .none
        let level = Permissions.level(of: type, pattern, in: grants, defaultLevel: defaultLevel)
        return .jsonObject { writer in
            writer.member("allowed", level >= .use)
            writer.member("permission", level.wireName)
        }
    }

    /// The largest number of grants in one answer of `grants/list`.
    private static let grantPageLimit = 1_000

    /// Lists the grants of single users on one resource, for users who may manage it; `docs/own-calls.md` describes the call.
    private func listGrants(_ call: AccountCall) throws -> HTTPResponse {
        let type = try Self.grantedType(call.message)
        let pattern = try call.message.requiredString("resource_id")
        try requireManager(of: type, pattern, call)
        let token = try call.message.string("page_token") ?? ""
        let found = try store.readNow(.cheap) {
            try $0.ownGrants(for: type, pattern, after: token, limit: Self.grantPageLimit + 1)
        }
        let page = found.prefix(Self.grantPageLimit)
        return .jsonObject { writer in
            writer.memberArray("grants") { writer in
                for grant in page {
                    writer.beginObject()
                    writer.member("username", grant.user)
                    writer.member("permission", grant.permission)
                    writer.endObject()
                }
            }
            writer.member("next_page_token", ifPresent: found.count > page.count ? page.last?.user : nil)
        }
    }

    private func listPermissions(_ call: AccountCall) throws -> HTTPResponse {
        let name = try call.message.requiredString("username")
        try call.require(call.identity.managesRoles || call.isAbout(name), "the user '\(shortened(name))' and admins")
        return try answerPermissions(ofUser: name)
    }

    private func listCurrentPermissions(_ call: AccountCall) throws -> HTTPResponse {
        try call.require(call.identity.kind == .user, "users")
        return try answerPermissions(ofUser: call.identity.name)
    }

    private func answerPermissions(ofUser name: String) throws -> HTTPResponse {
        let (user, roles) = try store.readNow(.cheap) { session in
            let user = try session.user(named: name)
            return (user, try session.roles(ofUser: user.id))
        }
        return .jsonObject { writer in
            writer.member("is_admin", user.isAdministrator)
            writer.memberArray("permissions") { writer in
                for role in roles {
                    for permission in role.permissions {
                        writer.beginObject()
                        writer.member("role_id", role.id)
                        writer.member("role_name", role.name)
                        writer.member("workspace", role.workspace)
                        writer.member("resource_type", permission.type)
                        writer.member("resource_pattern", permission.pattern)
                        writer.member("permission", permission.permission)
                        writer.endObject()
                    }
                }
            }
        }
    }
}

/// The calls by which clients before MLflow 3.10 grant a user a permission on an experiment or a registered model.
extension MLflowAPI {
    var oldGrantEndpoints: [[Endpoint]] {
        let kinds: [OldGrants] = [
            OldGrants(.experiment, "experiments/permissions", "experiment_id", "experiment_permission"),
            OldGrants(.registeredModel, "registered-models/permissions", "name", "registered_model_permission"),
        ]
        return kinds.flatMap { kind in
            [
                accountChange(.post, "2.0", kind.path + "/create", kind.access) { try createOldGrant(kind, $0) },
                accountLookUp("2.0", kind.path + "/get") { try getOldGrant(kind, $0) },
                accountChange(.patch, "2.0", kind.path + "/update", kind.access) { try updateOldGrant(kind, $0) },
                accountChange(.delete, "2.0", kind.path + "/delete", kind.access) { try deleteOldGrant(kind, $0) },
            ]
        }
    }

    /// The calls for one type of resource.
    private struct OldGrants: Sendable {
        let type: GrantedType
        let path: String
        /// The request field with the id of the experiment or the name of the model.
        let field: String
        /// The member of the answer that contains the grant.
        let answer: String

        init(_ type: GrantedType, _ path: String, _ field: String, _ answer: String) {
            self.type = type
            self.path = path
            self.field = field
            self.answer = answer
        }

        var access: Access { .change(.grant).audited(field, "permission") }

        /// The grant that a request contains; these clients send NO_PERMISSIONS to deny access.
        func grant(_ message: RequestMessage) throws -> Grant {
            let permission = try message.requiredString("permission")
            return try Grant(
                type: type.rawValue,
                pattern: try message.requiredString(field),
                permission: permission == PermissionLevel.none.wireName ? PermissionLevel.denied.wireName : permission
            )
        }
    }

    private func createOldGrant(_ kind: OldGrants, _ call: AccountCall) throws -> HTTPResponse {
        try requireManager(of: kind.type, try call.message.requiredString(kind.field), call)
        let name = try call.message.requiredString("username")
        let grant = try kind.grant(call.message)
        try change(call, .user, name) { try $0.grant(grant, toUser: name) }
        return try answerOldGrant(kind, grant.pattern, ofUser: name)
    }

    private func getOldGrant(_ kind: OldGrants, _ call: AccountCall) throws -> HTTPResponse {
        let pattern = try call.message.requiredString(kind.field)
        try requireManager(of: kind.type, pattern, call)
        return try answerOldGrant(kind, pattern, ofUser: try call.message.requiredString("username"))
    }

    private func updateOldGrant(_ kind: OldGrants, _ call: AccountCall) throws -> HTTPResponse {
        let grant = try kind.grant(call.message)
        try requireManager(of: kind.type, grant.pattern, call)
        let name = try call.message.requiredString("username")
        try change(call, .user, name) { try $0.change(grant, ofUser: name) }
        return .empty
    }

    private func deleteOldGrant(_ kind: OldGrants, _ call: AccountCall) throws -> HTTPResponse {
        let pattern = try call.message.requiredString(kind.field)
        try requireManager(of: kind.type, pattern, call)
        let name = try call.message.requiredString("username")
        try change(call, .user, name) { try $0.revoke(kind.type, pattern, fromUser: name) }
        return .empty
    }

    private func answerOldGrant(_ kind: OldGrants, _ pattern: String, ofUser name: String) throws -> HTTPResponse {
        let (user, permission) = try store.readNow(.cheap) { session in
            let user = try session.user(named: name)
            let permission = try session.ownPermission(ofUser: user.id, type: kind.type.rawValue, pattern: pattern)
            return (user, permission)
        }
        guard let permission else {
            throw TrackingError.doesNotExist(
                "Permission with \(kind.field)=\(shortened(pattern)) and username=\(shortened(name)) not found"
            )
        }
        return .jsonObject { writer in
            writer.key(kind.answer)
            writer.legacyPermission(kind.field, pattern, ofUser: user.id, permission)
        }
    }
}
