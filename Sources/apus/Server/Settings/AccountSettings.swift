internal import Coding
internal import Identities
internal import Tracking

/// The operator's settings for users: flags of this server, and the variables and the configuration file of MLflow's server.
struct AccountSettings {
    /// The permission of users for experiments and models for which they have no other permission.
    let defaultLevel: PermissionLevel
    /// The name of the admin that the first start makes.
    let administrator: String
    /// The admin's password; nil if the server is to make one.
    let password: String?

    /// Whether the file of MLflow's server names a database of users, which this server does not use.
    let namesUsersOfMLflow: Bool

    /// The only known value of `--app-name`, the same as that of `mlflow server`.
    private static let application = "basic-auth"
    private static let longestFile = 65_536

    /// - Returns: nil if the server does not ask for names and passwords.
    init?(_ options: SecurityOptions, _ environment: Environment) throws(StartFailure) {
        guard let application = environment.setting(.appName, options.appName) else {
            if let level = environment.setting(.defaultPermission, options.defaultPermission) {
                throw StartFailure(
                    "\(level.source) says what users may do, but this server has no users: add --app-name basic-auth."
                )
            }
            return nil
        }
        guard application.text == Self.application else {
            throw StartFailure("\(application.quoted) is not known; the only application of this server is basic-auth.")
        }
        let file = try Self.configuration(environment)
        if let function = file["authorization_function"],
            function != "mlflow.server.auth:authenticate_request_basic_auth"
        {
            throw StartFailure(
                "authorization_function in the file of MLFLOW_AUTH_CONFIG_PATH is not supported: no Python runs here. Leave it out."
            )
        }
        let level = environment.setting(.defaultPermission, options.defaultPermission)
        defaultLevel = try Self.defaultLevel(
            level?.text ?? file["default_permission"],
            level?.source ?? "default_permission"
        )
        administrator = environment["MLFLOW_AUTH_ADMIN_USERNAME"] ?? file["admin_username"] ?? "admin"
        password = environment["MLFLOW_AUTH_ADMIN_PASSWORD"] ?? file["admin_password"]
        namesUsersOfMLflow = file["database_uri"] != nil
        if password == User.knownPassword {
            throw StartFailure(
                "The password of the admin '\(administrator.printable(limit: 60))' is publicly known, because older versions of MLflow "
                    + "had it as the default. Set MLFLOW_AUTH_ADMIN_PASSWORD to another one, or leave it out: the server then makes one."
            )
        }
    }

    private static func defaultLevel(_ text: String?, _ source: String) throws(StartFailure) -> PermissionLevel {
        guard let text else { return .read }
        guard let level = PermissionLevel(wireName: text.uppercased()), level != .denied else {
            throw StartFailure(
                "\(source) \(text.printable(limit: 60)) is not a permission; use NO_PERMISSIONS, READ, USE, EDIT or MANAGE."
            )
        }
        return level
    }

    /// The settings in the section [mlflow] of the file that MLFLOW_AUTH_CONFIG_PATH names, as MLflow reads it.
    private static func configuration(_ environment: Environment) throws(StartFailure) -> [String: String] {
        guard let path = environment["MLFLOW_AUTH_CONFIG_PATH"] else { return [:] }
        let printablePath = path.printable(limit: 300)
        guard let text = WholeFile.text(path, atMost: longestFile) else {
            throw StartFailure(
                "The file of MLFLOW_AUTH_CONFIG_PATH, \(printablePath), cannot be read, or is longer than 64 KiB."
            )
        }
        var settings: [String: String] = [:]
        var isInSection = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(line)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("[") {
                isInSection = line == "[mlflow]"
                continue
            }
            let parts = line.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "=" || $0 == ":" }
            guard isInSection, parts.count == 2 else { continue }
            let value = trimmed(parts[1])
            if !value.isEmpty { settings[trimmed(parts[0]).lowercased()] = value }
        }
        return settings
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
