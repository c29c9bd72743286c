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
            Works on a folder that no server holds and, where a server holds it, through that server, which takes a change at \
            once. With --backend-store-uri postgresql://… it changes the database, and every server of it takes that at once. Who \
            may run it on the machine of the data needs no password: it is the way back for an admin who has \
            forgotten the password. Roles and grants are given on the pages, or with mlflow.server.get_app_client.
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
    @OptionGroup var place: TokenPlace

    func run() throws {
        try place.reporting(makesDatabase: true) { store in
            try User.validate(name: name)
            let password = try NewPassword.read(for: name)
            switch store {
            case .database(let api):
                _ = try api.createUser(name, password: password, isAdministrator: admin)
            case .server(let server):
                let body = UserCall.body([("username", name), ("password", password)], isAdmin: admin ? true : nil)
                let made = try server.accounts(.post, "create", body)
                // MLflow's server does not know the rights there.
                if admin, made?["user"]?["is_admin"]?.bool != true {
                    let rights = UserCall.body([("username", name)], isAdmin: true)
                    _ = try server.accounts(.patch, "update-admin", rights)
                }
            }
            UserCall.tell(name, admin ? "is made, and is an admin" : "is made")
        }
    }
}

struct UserList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the users.", helpNames: .long)

    @OptionGroup var place: TokenPlace
    @Flag(help: "One line of JSON.") var json = false

    func run() throws {
        try place.reporting { store in
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
        abstract: "Give a user another password; log-ins and tokens of that user end.",
        discussion: NewPassword.help,
        helpNames: .long
    )

    @Argument(help: "The user's name.") var name: String
    @OptionGroup var place: TokenPlace

    func run() throws {
        try place.reporting { store in
            let password = try NewPassword.read(for: name)
            switch store {
            case .database(let api): try api.setPassword(password, ofUser: name)
            case .server(let server):
                let fields = [("username", name), ("password", password)]
                _ = try server.accounts(.patch, "update-password", UserCall.body(fields))
            }
            UserCall.tell(name, "has another password; log-ins and tokens of that user have ended")
        }
    }
}

struct UserAdministration: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin",
        abstract: "Make a user an admin, who may do everything, or one who is none.",
        helpNames: .long
    )

    @Argument(help: "The user's name.") var name: String
    @Flag(help: "The user is no admin any more.") var remove = false
    @OptionGroup var place: TokenPlace

    func run() throws {
        try place.reporting { store in
            switch store {
            case .database(let api): try api.setAdministrator(!remove, user: name)
            case .server(let server):
                let body = UserCall.body([("username", name)], isAdmin: !remove)
                _ = try server.accounts(.patch, "update-admin", body)
            }
            UserCall.tell(name, remove ? "is no admin any more" : "is an admin")
        }
    }
}

struct UserDeletion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a user, with the user's tokens and what was granted to that user alone.",
        helpNames: .long
    )

    @Argument(help: "The user's name.") var name: String
    @OptionGroup var place: TokenPlace

    func run() throws {
        try place.reporting { store in
            switch store {
            case .database(let api): try api.deleteUser(name)
            case .server(let server):
                _ = try server.accounts(.delete, "delete", UserCall.body([("username", name)]))
            }
            UserCall.tell(name, "is deleted")
        }
    }
}

/// What the commands about users have in common.
private enum UserCall {
    static func body(_ fields: [(String, String)], isAdmin: Bool? = nil) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (name, value) in fields {
            writer.key(name)
            writer.string(value)
        }
        if let isAdmin { writer.member("is_admin", isAdmin) }
        writer.endObject()
        return writer.takeBytes()
    }

    static func tell(_ name: String, _ what: String) {
        StandardStream.error.write("apus: the user '\(name.printable(limit: 200))' \(what)")
    }
}
