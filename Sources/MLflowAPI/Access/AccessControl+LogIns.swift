internal import Budgets
internal import Dispatch
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
    }

    /// Logs the holder of a token of this server in.
    ///
    /// Blocks until it is durable.
    /// - Returns: the value of the cookie.
    package func logIn(token text: String, from request: HTTPRequest) throws -> String {
        let hash = SHA256.digest(of: Array(text.utf8))
        let fault = LogInFault(
            reason: "The server does not know this token: it was revoked, has expired, or is not whole."
        )
        guard hash != operatorKey.hash, let found = decided({ holder(ofTokenHash: hash) }), let token = found.token
        else {
            noteFailure(from: request.caller.peer)
            throw fault
        }
        return try logIn(.token(name: token.name, hash: hash))
    }

    /// Logs a user with a password in.
    ///
    /// Blocks until it is durable.
    /// - Returns: the value of the cookie.
    package func logIn(name: String, password: String, from request: HTTPRequest) throws -> String {
        guard let users else { throw LogInFault(reason: "There are no users with passwords here.") }
        let secret = Array(password.utf8)
        let key = users.key(name: name, password: secret)
        var isWrong = false
        let found = decided { () -> Holder in
            let holder = holder(users, key, name, secret, request.caller.peer)
            if case .failed(.wrongPassword) = holder { isWrong = true }
            return holder
        }
        guard found != nil, case .user(let known) = users.lookUp(key) else {
            noteFailure(of: AuditActor(.user, name), from: request.caller.peer)
            let reason =
                isWrong
                ? "The name or the password is wrong."
                : "Too many passwords from this address were wrong, or wait to be checked; try again in a few seconds."
            throw LogInFault(reason: reason)
        }
        return try logIn(.account(name: known.user.name, mark: known.mark))
    }

    /// Logs in whom somebody else has proven.
    ///
    /// Blocks until it is durable.
    /// - Returns: the value of the cookie.
    package func logIn(user: ProvenUser) throws -> String {
        guard outside.scope(of: user) != nil else {
            throw LogInFault(
                reason:
                    "You are \(user.name), and none of your groups may use this server. Who runs it gives scopes to groups."
            )
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

    /// Who it is, once that has been found out; nil for nobody.
    ///
    /// Blocks.
    /// Who sends a request as that one is now, for a change of accounts whose body came long after its head.
    ///
    /// Blocks while it is found out.
    /// - Throws: `.permissionDenied` for one who would not be admitted any more.
    func identityNow(_ request: HTTPRequest) throws -> Identity? {
        guard isRequired else { return request.caller.identity }
        guard let admitted = decided({ holder(request) }) else {
            throw TrackingError(
                .permissionDenied,
                "Permission denied: what showed who sends this request counts no more. Log in anew, or use another token."
            )
        }
        return admitted.identity
    }

    /// Whether a password is that of a user; tries from one address are limited, as log-ins are.
    ///
    /// Blocks for a check.
    /// - Throws: `.temporarilyUnavailable` if too many were wrong.
    func isPassword(_ password: String, of name: String, from peer: Peer) throws -> Bool {
        guard let users else { return false }
        let secret = Array(password.utf8)
        let key = users.key(name: name, password: secret)
        var tooMany = false
        let found = decided { () -> Holder in
            let holder = holder(users, key, name, secret, peer)
            if case .failed(.tooManyPasswords) = holder { tooMany = true }
            return holder
        }
        guard !tooMany else {
            throw TrackingError(
                .temporarilyUnavailable,
                "Too many passwords from this address were wrong; try again in a few seconds."
            )
        }
        if found == nil { noteFailure(of: AuditActor(.user, name), from: peer) }
        return found != nil
    }

    private func decided(_ ask: () -> Holder) -> Admitted? {
        // What was found out may have changed again meanwhile, but not for ever.
        for _ in 0..<8 {
            switch ask() {
            case .found(let admitted): return admitted
            case .failed: return nil
            case .undecided(let begin):
                let isKnown = DispatchSemaphore(value: 0)
                begin { isKnown.signal() }
                isKnown.wait()
            }
        }
        return nil
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
