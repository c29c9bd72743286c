internal import Coding
internal import MLflowAPI
internal import Passwords
internal import Tracking

extension MLflowAPI {
    /// Prepares a server for users; the first start creates the first admin.
    ///
    /// - Parameter flag: the flag with which a command opens the database of this server, for messages.
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
    ///   - place: where MLflow stores its users, for the message.
    ///   - flag: the flag with which a command opens the database of this server, for the message.
    func suggestUserImport(ofMLflowUsersIn place: String, _ flag: String) throws {
        guard try users().count <= 1 else { return }
        StandardStream.error.write(
            "apus: MLflow has users in \(place), and they are not users of this server yet. To import them with their roles and grants: apus "
                + "user import URI \(flag)"
        )
    }

    /// - Returns: a line for the operator; nil if there was nothing to do.
    private func makeAdministrator(_ accounts: AccountSettings, _ flag: String) throws -> String? {
        let name = accounts.administrator
        let shown = name.printable(limit: 60)
        let isThere =
            "apus: the user '\(shown)' exists already, and the password was not changed: MLFLOW_AUTH_ADMIN_PASSWORD is used only "
            + "at the first start. To change the password: apus user set-password \(shown) \(flag)"
        guard try mustCreateFirstAdministrator(named: name, hasPassword: accounts.password != nil) else {
            return accounts.password == nil ? nil : isThere
        }
        let password = accounts.password ?? String(AccessKey().text.dropFirst(AccessKey.prefix.count).prefix(24))
        do {
            _ = try createUser(name, password: password, isAdministrator: true, by: .server)
        } catch let error as TrackingError where error.code == .resourceAlreadyExists {
            // Another server of the database has started at the same time.
            return accounts.password == nil ? nil : isThere
        }
        guard accounts.password == nil else {
            return "apus: made the admin '\(shown)' with the password that was given"
        }
        return
            "apus: made the admin '\(shown)' with the password \(password) which is shown only now; change it after the log-in"
    }

    /// Returns a warning if the database has users or tokens that this server ignores; nil otherwise.
    ///
    /// - Throws: `StartFailure` if everybody could use the server therefore, and --no-require-token does not allow that.
    func unusedAccountsWarning(_ security: SecuritySettings) throws -> String? {
        let hasUsers = try security.accounts == nil && hasUsers()
        if security.asksForCredentials {
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
    /// The kind of accounts that a database has and this server ignores.
    enum Accounts: String {
        case users, tokens
        case either = "users or tokens"

        fileprivate var flag: String {
            switch self {
            case .users: "--app-name basic-auth"
            case .tokens: "--require-token"
            case .either: "the flags of the other servers, such as --app-name basic-auth"
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
