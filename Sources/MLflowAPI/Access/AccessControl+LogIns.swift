internal import Budgets
package import HTTPServer
internal import Hashing
internal import Identities
internal import Synchronization
package import Tracking

/// Log-ins of browsers: each has a random key, which is in a cookie. The database contains only the hash of the key.
extension AccessControl {
    /// Why a log-in has failed.
    package struct LogInFault: Error, Sendable {
        /// The reason in whole sentences.
        package let reason: String
    }

    /// Reads the stored log-ins into memory.
    ///
    /// Blocks on a read of the store.
    func reloadLogIns() throws { try reloading.withLock { _ in while try !reloadLogInsOnce() {} } }

    /// - Returns: false if a log-in has ended since it was read, so that the result must not be used.
    private func reloadLogInsOnce() throws -> Bool {
        let known = logIns.withLock { $0 }
        let stored = try store.readNow(.cheap) { try $0.logIns() }
        return replaceLogIns(known, by: stored)
    }

    /// Replaces the log-ins in memory by those that were read; log-ins that are already known keep the times of their last use.
    ///
    /// - Parameter old: the log-ins that were in memory when the reading began.
    /// - Returns: false, without a replacement, if the log-ins in memory have been changed since then.
    func replaceLogIns(_ old: KnownLogIns, by stored: [(logIn: LogIn, hash: [UInt8])]) -> Bool {
        let current = stored.map { logIn, hash in old.logIn(ofHash: hash) ?? KnownLogIn(logIn, hash: hash) }
        let new = KnownLogIns(current, generation: old.generation + 1)
        let isReplaced = logIns.withLock { logIns in
            guard logIns.generation == old.generation else { return false }
            logIns = new
            return true
        }
        // Requests need to be checked again only if a log-in has ended, because a new one reduces nobody's permissions.
        if isReplaced, !new.containsAll(of: old) { version.advance() }
        return isReplaced
    }

    /// Logs in the holder of a token of this server.
    ///
    /// Blocks until the log-in is durable.
    /// - Returns: the value of the cookie.
    package func logIn(token text: String, from request: HTTPRequest) throws -> String {
        try catchUp()
        let hash = SHA256.digest(of: Array(text.utf8))
        let isOperator = ConstantTime.areEqual(hash, operatorKey.hash)
        let found = isOperator ? .failure(.unknownToken) : waitForSender { sender(ofTokenHash: hash) }
        let admitted = try admitted(found, from: request.caller.peer)
        return try logIn(.token(name: admitted.token?.name ?? "", hash: hash), of: admitted.user)
    }

    /// Logs in a user with a password.
    ///
    /// Blocks until the log-in is durable.
    /// - Returns: the value of the cookie.
    package func logIn(name: String, password: String, from request: HTTPRequest) throws -> String {
        let peer = request.caller.peer
        guard let user = try admitted(sender(ofName: name, password, from: peer), from: peer).user else {
            throw LogInFault(reason: "This server has no users with passwords.")
        }
        return try logIn(.account(name: user.user.name, mark: user.passwordFingerprint), of: user)
    }

    /// Returns the user with a name and a password; blocks until the password is checked.
    private func sender(
        ofName name: String,
        _ password: String,
        from peer: Peer
    ) -> Result<AuthenticatedSender, Failure> {
        guard let users else { return .failure(.wrongPassword(name)) }
        do throws(AccessRefusal) {
            try catchUp()
        } catch { return .failure(.other(error)) }
        let credential = users.passwordCredential(name, Array(password.utf8), from: peer)
        return waitForSender { Identification(users.user(credential)) }
    }

    private func admitted(
        _ found: Result<AuthenticatedSender, Failure>,
        from peer: Peer
    ) throws(LogInFault) -> AuthenticatedSender {
        switch found {
        case .success(let admitted): return admitted
        case .failure(let failure):
            note(failure, from: peer)
            throw LogInFault(reason: failure.reason)
        }
    }

    /// Logs in a user whom an issuer has identified.
    ///
    /// Blocks until the log-in is durable.
    /// - Parameter arrival: `HTTPRequest.arrival` of the request that identifies the user.
    /// - Returns: the value of the cookie.
    package func logIn(user: ExternalUser, at arrival: UInt64) throws -> String {
        try catchUp()
        let scope = scope(reportedFor: user, at: arrival)
        guard scope != nil else {
            throw LogInFault(
                reason:
                    "You are \(user.name), and none of your groups may use this server. The operator of the server gives scopes "
                    + "to groups."
            )
        }
        switch waitForSender({ sender(of: user, scope, .externalPerson, identifiedAt: arrival) }) {
        case .success(let admitted): return try logIn(.user(user), of: admitted.user)
        case .failure(let failure): throw LogInFault(reason: failure.reason)
        }
    }

    /// - Parameter user: the owner of the log-in; nil if the holder is not one of the server's users.
    private func logIn(_ holder: LogIn.Holder, of user: KnownUser?) throws -> String {
        let key = AccessKey()
        let logIn = LogIn(holder, at: currentMilliseconds())
        let userID = user?.user.id
        try store.writeNow { try $0.createLogIn(logIn, hash: key.hash, ofUser: userID) }
        try reloadLogIns()
        return key.text
    }

    /// Returns the user with a name and a password, including the hash against which the password was checked; nil if the
    /// password is wrong.
    ///
    /// Attempts are limited, as those of log-ins are. Blocks until the password is checked.
    /// - Throws: `AccessRefusal` if too many passwords were wrong, so that this one is not checked now.
    func checkedUser(named name: String, _ password: String, from peer: Peer) throws(AccessRefusal) -> KnownUser? {
        switch sender(ofName: name, password, from: peer) {
        case .success(let admitted): return admitted.user
        case .failure(let failure):
            note(failure, from: peer)
            if case .wrongPassword = failure { return nil }
            throw refusal(of: failure)
        }
    }

    /// Ends the log-in of the browser that sends a request.
    ///
    /// Blocks until the end is durable; no request that begins afterwards is admitted with the log-in.
    package func logOut(_ request: HTTPRequest) throws {
        guard let hash = cookieHash(request) else { return }
        try store.writeNow { try $0.endLogIn(hash: hash) }
        try reloadLogIns()
    }

    /// The name of the user or token that has logged in with the browser that sends a request; nil without a log-in.
    package func nameOfLogIn(_ request: HTTPRequest) -> String? {
        guard let known = logIn(of: request) else { return nil }
        if case .failed = sender(of: known.logIn) { return nil }
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
        LogInCookie.value(in: request, at: externalUsers.cookieScope(of: request)).map {
            SHA256.digest(of: Array($0.utf8))
        }
    }
}

extension ExternalUsers {
    /// Where a browser sends the cookie of a log-in that this request begins or uses: to paths beneath the server's prefix.
    package func cookieScope(of request: HTTPRequest) -> LogInCookie.Scope {
        guard publicPath.isEmpty else { return returnCookieScope(of: request) }
        let isBeneathPrefix = request.rawPath == staticPrefix || request.rawPath.hasPrefix(staticPrefix + "/")
        return LogInCookie.Scope(path: isBeneathPrefix ? staticPrefix : "", isSecure: isSecure(request))
    }

    /// Where a browser sends the cookie that it needs when an issuer sends the browser back to the server's public address.
    package func returnCookieScope(of request: HTTPRequest) -> LogInCookie.Scope {
        LogInCookie.Scope(path: publicPath, isSecure: isSecure(request))
    }

    /// Whether the browser that sends a request sees this server over https.
    private func isSecure(_ request: HTTPRequest) -> Bool {
        request.isEncrypted || publicOrigin?.hasPrefix("https:") == true
    }
}
