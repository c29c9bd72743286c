internal import Coding
internal import MLflowAPI
internal import Passwords
internal import Tracking

extension MLflowAPI {
    /// Prepares a server for users: the first start makes the one who makes the others.
    ///
    /// - Throws: `StartFailure` without OpenSSL, and for a name or a password that cannot be.
    func welcome(_ accounts: AccountSettings) throws {
        do {
            try PasswordHash.prepare()
            if let line = try makeAdministrator(accounts) { StandardStream.error.write(line) }
        } catch let failure as PasswordHash.Failure {
            throw StartFailure(failure.description)
        } catch let error as TrackingError {
            throw StartFailure(
                "The first admin cannot be made: \(error.message) MLFLOW_AUTH_ADMIN_USERNAME and MLFLOW_AUTH_ADMIN_PASSWORD say who "
                    + "that is."
            )
        }
    }

    /// - Returns: what a person is told; nil if there was nothing to do.
    private func makeAdministrator(_ accounts: AccountSettings) throws -> String? {
        let name = accounts.administrator
        let shown = name.printable(limit: 60)
        let isThere =
            "apus: the user '\(shown)' is there already and keeps the present password; MLFLOW_AUTH_ADMIN_PASSWORD is for the "
            + "first start alone. Another password: apus user set-password \(shown)"
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

    /// What a person is told of users and tokens that the database has, and that nobody is asked for; nil for nothing.
    func unaskedAccounts(_ security: SecuritySettings) throws -> String? {
        if security.accounts == nil, try hasUsers() {
            let consequence =
                security.requiresToken
                ? "their passwords, permissions and tokens do not count" : "everybody may do everything"
            return "apus: WARNING: this database has users: add --app-name basic-auth. Without it \(consequence)"
        }
        guard !security.asksForCredentials, try !accessTokens().isEmpty else { return nil }
        return "apus: nobody is asked for the tokens of this database without --require-token"
    }
}
