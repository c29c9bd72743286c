internal import Coding

/// An account on a server that requires clients to log in.
package struct User: Sendable, Equatable {
    package var id: Int64
    package var name: String
    package var isAdministrator: Bool
    /// Unix milliseconds.
    package var creationTime: Int64

    package init(id: Int64, name: String, isAdministrator: Bool, creationTime: Int64) {
        self.id = id
        self.name = name
        self.isAdministrator = isAdministrator
        self.creationTime = creationTime
    }

    /// The maximum number of characters in a name.
    package static let nameLimit = 255

    /// The password that older versions of MLflow shipped, which everybody knows.
    package static let knownPassword = "password1234"

    /// Throws `.invalidParameterValue` unless a user may have the name.
    ///
    /// Line breaks are refused because logs contain the name, colons because HTTP Basic puts a colon after the name, and blanks
    /// at the start or end because they are not visible.
    package static func validate(name: String) throws(TrackingError) {
        guard !name.isEmpty else { throw .invalidParameter("Username cannot be empty.") }
        guard name.unicodeScalars.count <= nameLimit, !name.utf8.contains(UInt8(ascii: ":")),
            name.printable(limit: nameLimit).isExactly(name), name.first?.isWhitespace == false,
            name.last?.isWhitespace == false
        else {
            throw .invalidParameter(
                "'\(shortened(name).printable(limit: 200))' is not a valid name of a user: a name has up to "
                    + "\(nameLimit) characters, no colon, no line breaks, and no blank at its start or end."
            )
        }
        guard !ReservedNames.contains(name) else { throw .nameReserved(name, of: "a user") }
    }
}

/// A named set of permissions that users can be given, as in MLflow.
package struct Role: Sendable {
    package var id: Int64
    package var name: String
    package var workspace: String
    package var description: String?
    package var permissions: [RolePermission] = []

    package init(id: Int64, name: String, workspace: String, description: String?) {
        self.id = id
        self.name = name
        self.workspace = workspace
        self.description = description
    }

    /// The only workspace whose roles have an effect.
    package static let workspace = "default"
    /// The maximum number of characters in a description.
    package static let descriptionLimit = 5_000

    /// The name of the role that contains the grants of a single user.
    package static func name(ofUser id: Int64) -> String { "\(userPrefix)\(id)__" }

    private static let userPrefix = "__user_"

    /// Throws `.invalidParameterValue` unless an administrator may give a role the name.
    package static func validate(name: String) throws(TrackingError) {
        guard !name.allSatisfy(\.isWhitespace) else { throw .invalidParameter("Role name cannot be empty.") }
        guard !name.utf8.starts(with: userPrefix.utf8) else {
            throw .invalidParameter(
                "'\(shortened(name))' is not a valid name of a role: names that begin with \(userPrefix) are reserved "
                    + "for the grants of single users."
            )
        }
        guard name.unicodeScalars.count <= User.nameLimit else {
            throw .invalidParameter("The name of a role has at most \(User.nameLimit) characters.")
        }
    }

    package static func validate(workspace: String) throws(TrackingError) {
        guard workspace.unicodeScalars.count <= User.nameLimit else {
            throw .invalidParameter("A workspace's name has up to \(User.nameLimit) characters.")
        }
    }

    package static func validate(description: String?) throws(TrackingError) {
        guard description?.unicodeScalars.count ?? 0 <= descriptionLimit else {
            throw .invalidParameter("A role's description has up to \(descriptionLimit) characters.")
        }
    }
}

/// One grant of a role.
///
/// The type, pattern and permission are texts as in MLflow's API.
package struct RolePermission: Sendable {
    /// The id of the grant.
    package var id: Int64
    package var roleID: Int64
    package var type: String
    package var pattern: String
    package var permission: String

    package init(id: Int64, roleID: Int64, type: String, pattern: String, permission: String) {
        self.id = id
        self.roleID = roleID
        self.type = type
        self.pattern = pattern
        self.permission = permission
    }
}

/// The assignment of a role to a user.
package struct RoleAssignment: Sendable {
    package var id: Int64
    package var userID: Int64
    package var roleID: Int64

    package init(id: Int64, userID: Int64, roleID: Int64) {
        self.id = id
        self.userID = userID
        self.roleID = roleID
    }
}

extension TrackingError {
    package static func userNotFound(_ name: String) -> TrackingError {
        doesNotExist("User with username=\(shortened(name)) not found")
    }

    package static func userNameTaken(_ name: String) -> TrackingError {
        TrackingError(.resourceAlreadyExists, "User (username=\(shortened(name))) already exists.")
    }

    package static func roleNotFound(_ id: Int64) -> TrackingError { doesNotExist("Role with id=\(id) not found") }

    package static func roleNameTaken(_ name: String, workspace: String) -> TrackingError {
        TrackingError(
            .resourceAlreadyExists,
            "Role (name=\(shortened(name)), workspace=\(shortened(workspace))) already exists."
        )
    }

    package static func rolePermissionNotFound(_ id: Int64) -> TrackingError {
        doesNotExist("Role permission with id=\(id) not found")
    }
}
