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
        guard try needsUser(named: name, isGiven: accounts.password != nil) else { return nil }
        let password = accounts.password ?? String(AccessKey().text.dropFirst(AccessKey.prefix.count).prefix(24))
        _ = try createUser(name, password: password, isAdministrator: true)
        let shown = name.printable(limit: 60)
        guard accounts.password == nil else {
            return "apus: made the admin '\(shown)' with the password that was given"
        }
        return
            "apus: made the admin '\(shown)' with the password \(password) which is shown only now; change it after the log-in"
    }
}
