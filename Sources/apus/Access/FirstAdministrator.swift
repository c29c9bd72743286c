internal import Coding
internal import MLflowAPI
internal import Passwords
internal import Tracking

extension MLflowAPI {
    /// Prepares a server for users; the first start creates the first admin.
    ///
    /// - Parameter flag: the flag, for messages, with which a command such as `apus user` opens the database of this server.
    /// - Throws: `StartFailure` if OpenSSL is missing, or if the name or password is invalid.
    func prepareUsers(_ accounts: AccountSettings, _ flag: String) throws {
        do {
            try PasswordHash.prepare()
            if let line = try makeAdministrator(accounts, flag) { StandardStream.error.write(line) }
        } catch let failure as PasswordHash.Failure {
            throw StartFailure(failure.description)
        } catch let error as TrackingError {
            throw StartFailure(
                "The first admin cannot be created: \(error.message) Correct MLFLOW_AUTH_ADMIN_USERNAME or "
                    + "MLFLOW_AUTH_ADMIN_PASSWORD."
            )
        }
    }

    /// Tells the operator how to import the users of MLflow, if this server has at most one user.
    ///
    /// - Parameters:
    ///   - location: where MLflow stores its users, for the message.
    ///   - flag: the flag with which a command opens the database of this server, for the message.
    func suggestUserImport(ofMLflowUsersIn location: String, _ flag: String) throws {
        guard try users().count <= 1 else { return }
        StandardStream.error.write(
            "apus: MLflow has users in \(location), and they are not users of this server yet. To import them with their roles and "
                + "grants: apus user import URI \(flag)"
        )
    }

    /// Creates the first admin if the database has none yet.
    ///
    /// - Returns: a line for the operator: the admin was created, or the password in the settings is not used; nil if there is
    ///   nothing to report.
    private func makeAdministrator(_ accounts: AccountSettings, _ flag: String) throws -> String? {
        let name = accounts.administrator
        let printableName = name.printable(limit: 60)
        let unusedPasswordNote =
            accounts.password == nil
            ? nil
            : "apus: the user '\(printableName)' exists already, and the password was not changed: MLFLOW_AUTH_ADMIN_PASSWORD is "
                + "used only at the first start. To change the password: apus user set-password \(printableName) \(flag)"
        guard try mustCreateFirstAdministrator(named: name, hasPassword: accounts.password != nil) else {
            return unusedPasswordNote
        }
        let password = accounts.password ?? String(AccessKey().text.dropFirst(AccessKey.prefix.count).prefix(24))
        do {
            _ = try createUser(name, password: password, isAdministrator: true, by: .server)
        } catch let error as TrackingError where error.code == .resourceAlreadyExists {
            // Another server of the database has started at the same time and has created this user.
            return unusedPasswordNote
        }
        let origin =
            accounts.password == nil
            ? "\(password) which is shown only now; change it after the log-in" : "that was given"
        return "apus: made the admin '\(printableName)' with the password \(origin)"
    }

    /// Returns a warning if the database has users or tokens that this server ignores; nil otherwise.
    ///
    /// - Throws: `StartFailure` if everybody could use the server without credentials and --no-require-token is not given.
    func unusedAccountsWarning(_ security: SecuritySettings) throws -> String? {
        let hasUsers = try security.accounts == nil && hasUsers()
        if security.requiresCredentials {
            guard hasUsers else { return nil }
            return
                "apus: WARNING: this database has users: add --app-name basic-auth. Without this flag, the server ignores "
                + "their passwords, permissions and tokens"
        }
        let now = unixMilliseconds()
        if hasUsers { return try security.openServerWarning(despite: .users) }
        guard try accessTokens().contains(where: { !$0.hasExpired(at: now) }) else { return nil }
        return try security.openServerWarning(despite: .tokens)
    }
}

extension SecuritySettings {
    /// The kinds of accounts that a database has and this server ignores.
    enum Accounts: String {
        case users, tokens
        /// A server that checks neither does not find out which of the two a database in PostgreSQL has.
        case either = "users or tokens"

        fileprivate var flag: String {
            switch self {
            case .users: "--app-name basic-auth"
            case .tokens: "--require-token"
            case .either: "the flags of the database's other servers, such as --app-name basic-auth"
            }
        }
    }

    /// A warning about a server that everybody may use, although its database has users or tokens.
    ///
    /// - Throws: `StartFailure` unless --no-require-token allows everybody to use the server.
    func openServerWarning(despite accounts: Accounts) throws(StartFailure) -> String {
        guard allowsEverybody else {
            throw StartFailure(
                "This database has \(accounts.rawValue), and this server would let everybody do everything. Add \(accounts.flag), or, if "
                    + "everybody may do everything, --no-require-token."
            )
        }
        return "apus: WARNING: this database has \(accounts.rawValue), and with --no-require-token everybody may do "
            + "everything"
    }
}
