internal import Budgets
package import HTTPServer
internal import Hashing
internal import Identities
internal import Synchronization
package import Tracking
internal import TrackingStore

/// Log-ins of browsers: each is a random key in a cookie, of which the database holds the hash.
extension AccessControl {
    /// Why nobody is logged in.
    package struct LogInFault: Error, Sendable {
        /// In whole sentences.
        package let reason: String
    }

    /// Takes the log-ins as they are stored now; a use that is not written down yet counts on.
    ///
    /// Blocks on a read of the store.
    func reloadLogIns() throws {
        try reloading.withLock { _ in
            let stored = try store.readNow(.cheap) { try $0.logIns() }
            let known = logIns.withLock { $0 }
            let current = stored.map { logIn, hash in known.logIn(ofHash: hash) ?? KnownLogIn(logIn, hash: hash) }
            logIns.withLock { $0 = KnownLogIns(current) }
        }
        version.advance()
    }

    /// Logs the holder of a token of this server in.
    ///
    /// Blocks until it is durable.
    /// - Returns: the value of the cookie.
    package func logIn(token text: String, from request: HTTPRequest) throws -> String {
        let hash = SHA256.digest(of: Array(text.utf8))
        let found = hash == operatorKey.hash ? .failure(.unknownToken) : decided { holder(ofTokenHash: hash) }
        let admitted = try admitted(found, from: request.caller.peer)
        return try logIn(.token(name: admitted.token?.name ?? "", hash: hash))
    }

    /// Logs a user with a password in.
    ///
    /// Blocks until it is durable.
    /// - Returns: the value of the cookie.
    package func logIn(name: String, password: String, from request: HTTPRequest) throws -> String {
        let peer = request.caller.peer
        guard let user = try admitted(holder(ofName: name, password, from: peer), from: peer).user else {
            throw LogInFault(reason: "There are no users with passwords here.")
        }
        return try logIn(.account(name: user.user.name, mark: user.mark))
    }

    /// Who has a name and a password.
    ///
    /// Blocks for the check.
    private func holder(ofName name: String, _ password: String, from peer: Peer) -> Result<Admitted, Failure> {
        guard let users else { return .failure(.wrongPassword(name)) }
        let shown = users.shown(name, password, from: peer)
        return decided { Holder(users.user(shown)) }
    }

    private func admitted(_ found: Result<Admitted, Failure>, from peer: Peer) throws(LogInFault) -> Admitted {
        switch found {
        case .success(let admitted): return admitted
        case .failure(let failure):
            note(failure, from: peer)
            throw LogInFault(reason: failure.reason)
        }
    }

    /// Logs in whom somebody else has proven.
    ///
    /// Blocks until it is durable.
    /// - Returns: the value of the cookie.
    package func logIn(user: ProvenUser) throws -> String {
        let scope = scope(ofNewWord: user)
        guard scope != nil else {
            throw LogInFault(
                reason:
                    "You are \(user.name), and none of your groups may use this server. Who runs it gives scopes to groups."
            )
        }
        if case .failure(let failure) = decided({ holder(proven: user, scope, isNew: true) }) {
            throw LogInFault(reason: failure.reason)
        }
        return try logIn(.user(user))
    }

    private func logIn(_ holder: LogIn.Holder) throws -> String {
        let key = AccessKey()
        let logIn = LogIn(holder, at: currentMilliseconds())
        try store.writeNow { try $0.createLogIn(logIn, hash: key.hash) }
        try reloadLogIns()
        return key.text
    }

    /// Whether a password is that of a user; tries are limited, as log-ins are.
    ///
    /// Blocks for a check.
    /// - Throws: `.temporarilyUnavailable` if too many were wrong.
    func isPassword(_ password: String, of name: String, from peer: Peer) throws -> Bool {
        guard case .failure(let failure) = holder(ofName: name, password, from: peer) else { return true }
        note(failure, from: peer)
        if case .tooManyPasswords = failure { throw TrackingError(.temporarilyUnavailable, failure.reason) }
        return false
    }

    /// Ends the log-in of the browser that sends a request.
    ///
    /// Blocks until that is durable; no request that begins afterwards is admitted with it.
    package func logOut(_ request: HTTPRequest) throws {
        guard let hash = cookieHash(request) else { return }
        try store.writeNow { try $0.endLogIn(hash: hash) }
        try reloadLogIns()
    }

    /// The name of who has logged in with the browser that sends a request; nil for nobody.
    package func nameOfLogIn(_ request: HTTPRequest) -> String? {
        guard let known = logIn(of: request) else { return nil }
        if case .failed = holder(of: known.logIn) { return nil }
        return known.logIn.name
    }

    /// The log-in of a request's cookie, unless it has ended.
    func logIn(of request: HTTPRequest) -> KnownLogIn? {
        guard let hash = cookieHash(request), let known = logIns.withLock({ $0 }).logIn(ofHash: hash),
            !known.hasEnded(at: currentMilliseconds())
        else { return nil }
        return known
    }

    private func cookieHash(_ request: HTTPRequest) -> [UInt8]? {
        LogInCookie.value(in: request, isSecure: outside.isSecure(request)).map { SHA256.digest(of: Array($0.utf8)) }
    }
}

extension OutsideUsers {
    /// Whether the browser that sends a request sees this server over https.
    package func isSecure(_ request: HTTPRequest) -> Bool {
        request.isEncrypted || publicOrigin?.hasPrefix("https:") == true
    }
}
