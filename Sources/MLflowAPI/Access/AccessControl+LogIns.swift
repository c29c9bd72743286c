internal import Budgets
internal import Coding
package import HTTPServer
internal import Hashing
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
    package func logIn(token text: String) throws -> String {
        let hash = SHA256.digest(of: Array(text.utf8))
        guard let known = token(ofHash: hash, at: currentMilliseconds()), !known.hash.isEmpty,
            known.hash != operatorKey.hash
        else {
            noteFailure()
            throw LogInFault(
                reason: "The server does not know this token: it was revoked, has expired, or is not whole."
            )
        }
        return try logIn(.token(name: known.token.name, hash: hash))
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

    /// Ends the log-in of the browser that sends a request.
    ///
    /// Blocks until that is durable; no request that begins afterwards is admitted with it.
    package func logOut(_ request: HTTPRequest) throws {
        guard let hash = Self.cookieHash(request, outside) else { return }
        try store.writeNow { try $0.endLogIn(hash: hash) }
        try reloadLogIns()
    }

    /// The name of who has logged in with the browser that sends a request; nil for nobody.
    package func nameOfLogIn(_ request: HTTPRequest) -> String? { current(request)?.holder.token.name }

    /// The log-in of a request's cookie and its holder, if both still count.
    func current(_ request: HTTPRequest) -> (logIn: KnownLogIn, holder: KnownToken)? {
        guard let hash = Self.cookieHash(request, outside), let known = logIns.withLock({ $0 }).logIn(ofHash: hash)
        else {
            return nil
        }
        let now = currentMilliseconds()
        guard !known.hasEnded(at: now) else { return nil }
        switch known.logIn.holder {
        case .token(_, let hash): return token(ofHash: hash, at: now).map { (known, $0) }
        case .user(let user):
            guard case .success(let holder) = holder(proven: user) else { return nil }
            return (known, holder)
        }
    }

    private static func cookieHash(_ request: HTTPRequest, _ outside: OutsideUsers) -> [UInt8]? {
        LogInCookie.value(in: request, isSecure: outside.isSecure(request)).map { SHA256.digest(of: Array($0.utf8)) }
    }
}

extension OutsideUsers {
    /// Whether the browser that sends a request sees this server over https.
    package func isSecure(_ request: HTTPRequest) -> Bool {
        request.isEncrypted || publicOrigin?.hasPrefix("https:") == true
    }
}
