internal import ArgumentParser
internal import Coding
internal import HTTPWire
internal import JSON
internal import MLflowAPI
internal import Tracking

struct UsersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Make, list and delete the users of a server with --app-name basic-auth, and set their passwords.",
        discussion: """
            If no server uses the data folder, the command opens it; otherwise it asks that server, and a change takes effect at \
            once. With --backend-store-uri postgresql://…, the command changes the database, and the change takes effect at once \
            in every server that uses the database. On the machine with the data, the command needs no password, so an admin who \
            has forgotten the password can set a new one. To give roles and grants, use the web pages or \
            mlflow.server.get_app_client.
            """,
        subcommands: [
            UserCreation.self, UserList.self, UserPassword.self, UserAdministration.self, UserDeletion.self,
            UserImport.self,
        ],
        helpNames: .long
    )
}

struct UserCreation: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a user.",
        discussion: NewPassword.help,
        helpNames: .long
    )

    @Argument(help: "The name with which the user logs in.") var name: String
    @Flag(help: "Make the user an admin, who may do everything.") var admin = false
    @OptionGroup var data: DataOptions

    func run() throws {
        try data.withAccountStore(createsDatabase: true) { store in
            try User.validate(name: name)
            let password = try NewPassword.read(for: name)
            switch store {
            case .database(let api): _ = try api.createUser(name, password: password, isAdministrator: admin)
            case .server(let server):
                let body = UserCall.body([("username", name), ("password", password)], isAdmin: admin ? true : nil)
                let created = try server.accounts(.post, "create", body)
                // A server of MLflow ignores `is_admin` in the call that creates a user.
                if admin, created?["user"]?["is_admin"]?.bool != true {
                    let update = UserCall.body([("username", name)], isAdmin: true)
                    _ = try server.accounts(.patch, "update-admin", update)
                }
            }
            UserCall.report(name, admin ? "is made, and is an admin" : "is made")
        }
    }
}

struct UserList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the users.", helpNames: .long)

    @OptionGroup var data: DataOptions
    @Flag(help: "Print one line of JSON.") var json = false

    func run() throws {
        try data.withAccountStore { store in
            let users: [(name: String, isAdministrator: Bool)] =
                switch store {
                case .database(let api): try api.users().map { ($0.name, $0.isAdministrator) }
                case .server(let server):
                    try server.accounts(.get, "list")?["users"]?.elements.compactMap { user in
                        user["username"]?.string.map { ($0, user["is_admin"]?.bool ?? false) }
                    } ?? []
                }
            Listing.show(users, "users", asJSON: json) { writer, user in
                writer.member("username", user.name)
                writer.member("is_admin", user.isAdministrator)
            } line: { user in
                user.name.printable(limit: 300) + (user.isAdministrator ? ": admin" : "")
            }
        }
    }
}

struct UserPassword: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-password",
        abstract: "Set a new password for a user; the user's log-ins and tokens become invalid.",
        discussion: NewPassword.help,
        helpNames: .long
    )

    @Argument(help: "The user's name.") var name: String
    @OptionGroup var data: DataOptions

    func run() throws {
        try data.withAccountStore { store in
            let password = try NewPassword.read(for: name)
            switch store {
            case .database(let api): try api.setPassword(password, ofUser: name)
            case .server(let server):
                let fields = [("username", name), ("password", password)]
                _ = try server.accounts(.patch, "update-password", UserCall.body(fields))
            }
            UserCall.report(name, "has a new password; the user's log-ins and tokens are invalid now")
        }
    }
}

struct UserAdministration: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin",
        abstract: "Make a user an admin, who may do everything, or remove this right.",
        helpNames: .long
    )

    @Argument(help: "The user's name.") var name: String
    @Flag(help: "Remove the right of an admin from the user.") var remove = false
    @OptionGroup var data: DataOptions

    func run() throws {
        try data.withAccountStore { store in
            switch store {
            case .database(let api): try api.setAdministrator(!remove, user: name)
            case .server(let server):
                let body = UserCall.body([("username", name)], isAdmin: !remove)
                _ = try server.accounts(.patch, "update-admin", body)
            }
            UserCall.report(name, remove ? "is no admin any more" : "is an admin")
        }
    }
}

struct UserDeletion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a user with all log-ins and tokens, and the grants given directly and not through a role.",
        helpNames: .long
    )

    @Argument(help: "The user's name.") var name: String
    @OptionGroup var data: DataOptions

    func run() throws {
        try data.withAccountStore { store in
            switch store {
            case .database(let api): try api.deleteUser(name)
            case .server(let server): _ = try server.accounts(.delete, "delete", UserCall.body([("username", name)]))
            }
            UserCall.report(name, "is deleted")
        }
    }
}

/// Makes the request bodies and the messages of the commands about users.
private enum UserCall {
    static func body(_ fields: [(String, String)], isAdmin: Bool? = nil) -> [UInt8] {
        JSONWriter.object { writer in
            for (name, value) in fields {
                writer.key(name)
                writer.string(value)
            }
            if let isAdmin { writer.member("is_admin", isAdmin) }
        }
    }

    /// - Parameter result: the end of a sentence that begins with the user.
    static func report(_ name: String, _ result: String) {
        StandardStream.error.write("apus: the user '\(name.printable(limit: 200))' \(result)")
    }
}
