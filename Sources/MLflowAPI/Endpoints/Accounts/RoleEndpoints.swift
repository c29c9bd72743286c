internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import JSON
internal import Tracking

extension MLflowAPI {
    var roleEndpoints: [[Endpoint]] {
        let change = Access.change(.account)
        let add = change.audited("resource_type", "resource_pattern", "permission")
        let remove = change.audited("role_permission_id")
        let update = change.audited("role_permission_id", "permission")
        return [
            accountChange(.post, "3.0", "roles/create", change.audited("workspace"), createRole),
            accountLookUp("3.0", "roles/get", getRole),
            accountLookUp("3.0", "roles/list", listRoles),
            accountChange(.patch, "3.0", "roles/update", change.audited("name", "description"), updateRole),
            accountChange(.delete, "3.0", "roles/delete", change.audited(), deleteRole),
            accountChange(.post, "3.0", "roles/permissions/add", add, addRolePermission),
            accountChange(.delete, "3.0", "roles/permissions/remove", remove, removeRolePermission),
            accountLookUp("3.0", "roles/permissions/list", listRolePermissions),
            accountChange(.patch, "3.0", "roles/permissions/update", update, updateRolePermission),
            accountChange(.post, "3.0", "roles/assign", change.audited("username"), assignRole),
            accountChange(.delete, "3.0", "roles/unassign", change.audited("username"), unassignRole),
            accountLookUp("3.0", "roles/users/list", listRoleUsers),
            accountLookUp("3.0", "users/roles/list", listUserRoles),
        ]
    }

    private static func roleText(_ message: RequestMessage, _ name: String, _ label: String) throws -> String {
        let text = try message.requiredString(name)
        guard !text.allSatisfy(\.isWhitespace) else {
            throw TrackingError.invalidParameter("\(label) cannot be empty.")
        }
        return text
    }

    /// Throws unless the caller may change roles of a workspace.
    ///
    /// - Parameter workspace: nil for the workspace of an unknown role; only admins are told that a role is unknown.
    private func requireManager(of workspace: String?, _ call: AccountCall) throws {
        let isManager = call.identity.managesRoles && workspace?.isExactly(Role.workspace) == true
        try call.require(
            call.identity.isAdministrator || isManager,
            "admins and, for roles of the workspace '\(Role.workspace)', those who manage it"
        )
    }

    private func requireManager(ofRole id: Int64, _ call: AccountCall) throws {
        try requireManager(of: try workspace(ofRole: id, call), call)
    }

    private func requireManager(ofPermission id: Int64, _ call: AccountCall) throws {
        let workspace = try workspace(call) { try $0.role(id: try $0.rolePermission(id: id).roleID).workspace }
        try requireManager(of: workspace, call)
    }

    private func workspace(ofRole id: Int64, _ call: AccountCall) throws -> String? {
        try workspace(call) { try $0.role(id: id).workspace }
    }

    /// Returns the workspace that `read` finds; nil if it finds none, and for an admin, who may use all workspaces.
    private func workspace(
        _ call: AccountCall,
        _ read: @escaping @Sendable (any TrackingReading) throws -> String
    ) throws -> String? {
        guard !call.identity.isAdministrator else { return nil }
        do {
            return try store.readNow(.cheap, read)
        } catch let error as TrackingError where error.code == .resourceDoesNotExist { return nil }
    }

    private func createRole(_ call: AccountCall) throws -> HTTPResponse {
        if !call.identity.isAdministrator {
            try requireManager(of: try Self.roleText(call.message, "workspace", "Workspace"), call)
        }
        let name = try Self.roleText(call.message, "name", "Role name")
        let workspace = try Self.roleText(call.message, "workspace", "Workspace")
        let description = try call.message.string("description")
        let role = try change(call, .role, name) {
            try $0.createRole(name, workspace: workspace, description: description)
        }
        return .json("role") { $0.write(role) }
    }

    /// Throws unless the caller has a role in each of these workspaces, which MLflow requires of users who read roles.
    private func requireRole(in workspaces: [String?], _ call: AccountCall) throws {
        guard !call.identity.isAdministrator else { return }
        let id = call.identity.userID
        let roles = try id.map { id in try store.readNow(.cheap) { try $0.roles(ofUser: id) } } ?? []
        let hasRoles = workspaces.allSatisfy { workspace in
            roles.contains { workspace?.isExactly($0.workspace) == true }
        }
        try call.require(hasRoles, "users with a role in the same workspace, and admins")
    }

    private func getRole(_ call: AccountCall) throws -> HTTPResponse {
        let id = try call.message.requiredInteger("role_id")
        try requireRole(in: [try workspace(ofRole: id, call)], call)
        let role = try store.readNow(.cheap) { try $0.role(id: id) }
        return .json("role") { $0.write(role) }
    }

    private func listRoles(_ call: AccountCall) throws -> HTTPResponse {
        let workspaces = try call.message.strings("workspace") ?? []
        guard !workspaces.contains(where: { $0.allSatisfy(\.isWhitespace) }) else {
            throw TrackingError.invalidParameter("Parameter 'workspace' must be a non-empty string when provided.")
        }
        if workspaces.isEmpty { try call.requireAdministrator() } else { try requireRole(in: workspaces, call) }
        let roles = try store.readNow { try $0.roles(in: workspaces.isEmpty ? nil : workspaces) }
        return .json("roles") { $0.write(roles) }
    }

    private func updateRole(_ call: AccountCall) throws -> HTTPResponse {
        let id = try call.message.requiredInteger("role_id")
        try requireManager(ofRole: id, call)
        let name = try call.message.string("name")
        let description = try call.message.string("description")
        guard name != nil || description != nil else {
            throw TrackingError.invalidParameter(
                "At least one of 'name' or 'description' must be provided to update a role."
            )
        }
        let role = try change(call, .role, String(id)) {
            try $0.updateRole(id, name: name, description: description)
        }
        return .json("role") { $0.write(role) }
    }

    private func deleteRole(_ call: AccountCall) throws -> HTTPResponse {
        let id = try call.message.requiredInteger("role_id")
        try requireManager(ofRole: id, call)
        try change(call, .role, String(id)) { try $0.deleteRole(id) }
        return .empty
    }

    private func addRolePermission(_ call: AccountCall) throws -> HTTPResponse {
        let id = try call.message.requiredInteger("role_id")
        try requireManager(ofRole: id, call)
        let grant = try Grant(
            type: try call.message.requiredString("resource_type"),
            pattern: try call.message.requiredString("resource_pattern"),
            permission: try call.message.requiredString("permission")
        )
        let permission = try change(call, .role, String(id)) { try $0.addRolePermission(grant, toRole: id) }
        return .json("role_permission") { $0.write(permission) }
    }

    private func removeRolePermission(_ call: AccountCall) throws -> HTTPResponse {
        let id = try call.message.requiredInteger("role_permission_id")
        try requireManager(ofPermission: id, call)
        try change(call, .role, String(id)) { try $0.removeRolePermission(id) }
        return .empty
    }

    private func listRolePermissions(_ call: AccountCall) throws -> HTTPResponse {
        let id = try call.message.requiredInteger("role_id")
        try requireRole(in: [try workspace(ofRole: id, call)], call)
        let permissions = try store.readNow(.cheap) { try $0.role(id: id).permissions }
        return .json("role_permissions") { writer in
            writer.beginArray()
            for permission in permissions { writer.write(permission) }
            writer.endArray()
        }
    }

    private func updateRolePermission(_ call: AccountCall) throws -> HTTPResponse {
        let id = try call.message.requiredInteger("role_permission_id")
        try requireManager(ofPermission: id, call)
        let permission = try call.message.requiredString("permission")
        let updated = try change(call, .role, String(id)) {
            try $0.updateRolePermission(id, permission: permission)
        }
        return .json("role_permission") { $0.write(updated) }
    }

    private func assignRole(_ call: AccountCall) throws -> HTTPResponse {
        let name = try call.message.requiredString("username")
        let id = try call.message.requiredInteger("role_id")
        try requireManager(ofRole: id, call)
        let assignment = try change(call, .role, String(id)) { try $0.assignRole(id, toUser: name) }
        return .json("assignment") { $0.write(assignment) }
    }

    private func unassignRole(_ call: AccountCall) throws -> HTTPResponse {
        let name = try call.message.requiredString("username")
        let id = try call.message.requiredInteger("role_id")
        try requireManager(ofRole: id, call)
        try change(call, .role, String(id)) { try $0.unassignRole(id, fromUser: name) }
        return .empty
    }

    private func listRoleUsers(_ call: AccountCall) throws -> HTTPResponse {
        let id = try call.message.requiredInteger("role_id")
        try requireManager(ofRole: id, call)
        let assignments = try store.readNow { try $0.assignments(ofRole: id) }
        return .json("assignments") { writer in
            writer.beginArray()
            for assignment in assignments { writer.write(assignment) }
            writer.endArray()
        }
    }

    private func listUserRoles(_ call: AccountCall) throws -> HTTPResponse {
        let name = try call.message.requiredString("username")
        try call.require(call.identity.managesRoles || call.isAbout(name), "the user '\(shortened(name))' and admins")
        let roles = try store.readNow(.cheap) { try $0.roles(ofUser: try $0.user(named: name).id) }
        return .json("roles") { $0.write(roles) }
    }
}

extension JSONWriter {
    mutating func write(_ role: Role) {
        beginObject()
        member("id", role.id)
        member("name", role.name)
        member("workspace", role.workspace)
        key("description")
        if let description = role.description { string(description) } else { null() }
        memberArray("permissions") { writer in
            for permission in role.permissions { writer.write(permission) }
        }
        endObject()
    }

    fileprivate mutating func write(_ roles: [Role]) {
        beginArray()
        for role in roles { write(role) }
        endArray()
    }

    fileprivate mutating func write(_ permission: RolePermission) {
        beginObject()
        member("id", permission.id)
        member("role_id", permission.roleID)
        member("resource_type", permission.type)
        member("resource_pattern", permission.pattern)
        member("permission", permission.permission)
        endObject()
    }

    fileprivate mutating func write(_ assignment: RoleAssignment) {
        beginObject()
        member("id", assignment.id)
        member("user_id", assignment.userID)
        member("role_id", assignment.roleID)
        endObject()
    }
}
