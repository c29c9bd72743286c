package import PostgreSQL
internal import SQLite

/// The users, roles and grants of MLflow's app basic-auth, in a database of their own or beside MLflow's other tables.
package struct MLflowAccounts: Sendable {
    package struct User: Sendable {
        package let name: String
        package let isAdministrator: Bool
        /// The hash in Werkzeug's format; nil if the database has none.
        package let passwordHash: String?
    }

    /// A grant, as MLflow stores it: the type of the resource, the ids that it covers (`pattern`), and what it allows
    /// (`permission`), such as READ or MANAGE.
    package struct Grant: Sendable {
        package let type: String
        package let pattern: String
        package let permission: String
    }

    package struct Role: Sendable {
        package let workspace: String
        package let name: String
        package let description: String?
        package fileprivate(set) var grants: [Grant] = []
        package fileprivate(set) var userNames: [String] = []

        /// Whether MLflow created this role, named `__user_<id>__`, for the grants of a single user.
        package var isOfOneUser: Bool { name.wholeMatch(of: /__user_[0-9]+__/) != nil }
    }

    /// The users, sorted by name.
    package private(set) var users: [User] = []
    /// The roles, in the order in which they were created.
    package private(set) var roles: [Role] = []

    /// - Throws: `SourceFailure` if the file is not a database with MLflow's users, or cannot be read.
    package init(path: String) throws {
        do {
            try self.init(try SQLiteReader(path: path))
        } catch let error as SQLiteError {
            throw SourceFailure("\(path) cannot be read: \(error.advice ?? error.description)")
        }
    }

    /// - Throws: `SourceFailure` if the database has no users of MLflow, or cannot be read.
    package init(_ address: PostgresAddress) throws {
        do {
            try self.init(try PostgresReader(address))
        } catch let error as PostgresError {
            throw SourceFailure("The database cannot be read: \(error)")
        }
    }

    private init(_ reader: any DatabaseReader) throws {
        let columns = DatabaseColumns(try reader.columns())
        guard columns.has("users", "username") else {
            throw SourceFailure(
                "\(reader.location) has no users of MLflow. Give the database of the users: it is the value of "
                    + "database_uri in the file that MLFLOW_AUTH_CONFIG_PATH names or, without it, basic_auth.db in "
                    + "the folder where mlflow server was started."
            )
        }
        guard columns.has("roles"), columns.has("role_permissions"), columns.has("user_role_assignments") else {
            throw SourceFailure(
                "\(reader.location) has users of an older MLflow, without roles. Copy the database, and upgrade the "
                    + "copy with MLflow 3.17: python -m mlflow.server.auth db upgrade --url sqlite:////path/of/the/copy"
            )
        }
        try read(reader)
    }

    private mutating func read(_ reader: any DatabaseReader) throws {
        try reader.forEachRow(
            """
            SELECT username, CASE WHEN is_admin THEN 1 ELSE 0 END, password_hash FROM users ORDER BY username \(reader.byteCollation)
            """
        ) { row in
            let (name, isAdministrator) = (try row.text(0), try row.integer(1) == 1)
            users.append(User(name: name, isAdministrator: isAdministrator, passwordHash: try row.optionalText(2)))
        }
        var indices: [Int64: Int] = [:]
        try reader.forEachRow("SELECT id, workspace, name, description FROM roles ORDER BY id") { row in
            indices[try row.integer(0)] = roles.count
            roles.append(Role(workspace: try row.text(1), name: try row.text(2), description: try row.optionalText(3)))
        }
        try reader.forEachRow(
            "SELECT role_id, resource_type, resource_pattern, permission FROM role_permissions ORDER BY id"
        ) { row in
            // Grants and assignments of a role that does not exist are ignored.
            guard let index = indices[try row.integer(0)] else { return }
            roles[index].grants.append(
                Grant(type: try row.text(1), pattern: try row.text(2), permission: try row.text(3))
            )
        }
        try reader.forEachRow(
            """
            SELECT assignment.role_id, users.username FROM user_role_assignments AS assignment
            JOIN users ON users.id = assignment.user_id ORDER BY assignment.id
            """
        ) { row in
            guard let index = indices[try row.integer(0)] else { return }
            roles[index].userNames.append(try row.text(1))
        }
    }
}
