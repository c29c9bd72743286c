package import PostgreSQL
internal import SQLite

/// The users, roles and grants of MLflow's app basic-auth, in a database of their own or beside MLflow's other tables.
package struct MLflowAccounts: Sendable {
    package struct User: Sendable {
        package let name: String
        package let isAdministrator: Bool
        /// As Werkzeug writes it.
        package let passwordHash: String?
    }

    /// A grant with MLflow's words for the kind of things and the level.
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

        /// Whether MLflow has made the role for what is granted to one user alone.
        package var isOfOneUser: Bool { name.wholeMatch(of: /__user_[0-9]+__/) != nil }
    }

    /// The users by name.
    package private(set) var users: [User] = []
    /// The roles in the order of their making.
    package private(set) var roles: [Role] = []

    /// - Throws: `SourceFailure` for a file that is no database with MLflow's users, or cannot be read.
    package init(path: String) throws {
        do {
            try self.init(try SQLiteReader(path: path))
        } catch let error as SQLiteError {
            throw SourceFailure("\(path) cannot be read: \(error.advice ?? error.description)")
        }
    }

    /// - Throws: `SourceFailure` for a database without MLflow's users, or that cannot be read.
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
                "\(reader.location) has no users of MLflow. database_uri in the file of MLFLOW_AUTH_CONFIG_PATH names their "
                    + "database; without that file it is basic_auth.db in the folder where mlflow server was started."
            )
        }
        guard columns.has("roles"), columns.has("role_permissions"), columns.has("user_role_assignments") else {
            throw SourceFailure(
                "\(reader.location) has users of an older MLflow, without roles. Copy it, and bring the copy up to date with "
                    + "MLflow 3.17: python -m mlflow.server.auth db upgrade --url sqlite:////path/of/the/copy"
            )
        }
        try read(reader)
    }

    private mutating func read(_ reader: any DatabaseReader) throws {
        try reader.forEachRow(
            """
            SELECT username, CASE WHEN is_admin THEN 1 ELSE 0 END, password_hash FROM users ORDER BY username \(reader.byBytes)
            """
        ) { row in
            let (name, isAdministrator) = (try row.text(0), try row.integer(1) == 1)
            users.append(User(name: name, isAdministrator: isAdministrator, passwordHash: try row.optionalText(2)))
        }
        var places: [Int64: Int] = [:]
        try reader.forEachRow("SELECT id, workspace, name, description FROM roles ORDER BY id") { row in
            places[try row.integer(0)] = roles.count
            roles.append(Role(workspace: try row.text(1), name: try row.text(2), description: try row.optionalText(3)))
        }
        try reader.forEachRow(
            "SELECT role_id, resource_type, resource_pattern, permission FROM role_permissions ORDER BY id"
        ) { row in
            guard let place = places[try row.integer(0)] else { return }
            roles[place].grants.append(
                Grant(type: try row.text(1), pattern: try row.text(2), permission: try row.text(3))
            )
        }
        try reader.forEachRow(
            """
            SELECT assignment.role_id, users.username FROM user_role_assignments AS assignment
            JOIN users ON users.id = assignment.user_id ORDER BY assignment.id
            """
        ) { row in
            guard let place = places[try row.integer(0)] else { return }
            roles[place].userNames.append(try row.text(1))
        }
    }
}
