internal import ArgumentParser
internal import Coding
internal import MLflowAPI
internal import PostgreSQL
internal import Transfer

struct UserImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import the users, roles and grants of an MLflow server that was started with --app-name basic-auth.",
        discussion: """
            The source is the database of MLflow's users (database_uri in the file that MLFLOW_AUTH_CONFIG_PATH names), with the \
            tables of MLflow 3.17; it is never changed. Users and roles that exist here already are not changed. Passwords that \
            Apus cannot check are not imported: give those users new ones with apus user set-password. A grant names an \
            experiment by its id, so import the experiments first, and check that they have kept their ids. That is always so if \
            this server uses MLflow's own database.
            """,
        helpNames: .long
    )

    @Argument(
        help: "The database: basic_auth.db, sqlite:///basic_auth.db, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE.",
        completion: .file()
    )
    var source: String
    @OptionGroup var data: DataOptions

    func run() throws {
        try data.withAccountStore(createsDatabase: true) { store in
            guard case .database(let api) = store else {
                throw StartFailure(
                    "A server is using this data, and cannot create users without passwords. Stop the server during the "
                        + "import, or, if its data is in PostgreSQL, name the database with --backend-store-uri."
                )
            }
            let accounts = try Self.accounts(in: source)
            let imported = try api.importAccounts(accounts)
            for remark in imported.remarks { StandardStream.error.write("apus: \(remark.printable(limit: 600))") }
            if !imported.usersWithoutPassword.isEmpty {
                let names = imported.usersWithoutPassword.joined(separator: ", ").printable(limit: 2_000)
                StandardStream.error.write("apus: without a password until apus user set-password NAME: \(names)")
            }
            StandardStream.error.write(
                "apus: made \(imported.users.count) users, \(imported.roles) roles and \(imported.grants) grants"
            )
        }
    }

    private static func accounts(in source: String) throws -> MLflowAccounts {
        if PostgresAddress.hasScheme(source) { return try MLflowAccounts(PostgresAddress(source)) }
        let setting = Setting(source: "The source", text: source)
        let path = try StoreURI(setting, StorageLayout.currentFolder()).path
        guard FileKind(path) == .file else {
            throw StartFailure("There is no database at '\(path.printable(limit: 300))'.")
        }
        return try MLflowAccounts(path: path)
    }
}
