internal import Budgets
internal import Coding
internal import Glibc
internal import HTTPServer
internal import HTTPWire
internal import Hashing
internal import Logging
internal import MLflowAPI
internal import OpenID
internal import Synchronization
internal import Tracking

/// The pages and forms with which people log in, by a password, a token or an issuer (an OpenID provider), and log out.
final class LogInRoutes: Sendable {
    private let access: AccessControl
    private let methods: LogInMethods
    private let logger: Logger
    /// A new key for each process: a log-in with an issuer cannot be finished after a restart of the server.
    private let key: HMAC
    /// Counts the threads that wait for an issuer, or for the check of a password.
    private let waiting = Budget(total: LogInRoutes.waitingLimit, share: LogInRoutes.waitingShare)
    /// The attempts that have led to a log-in, by the values of their cookies, with the times of their starts.
    ///
    /// An issuer's answer is accepted only once for each attempt.
    private let finished = Mutex<[String: Int64]>([:])

    /// The largest number of waiting threads for all clients together, so that threads are left for other requests.
    private static let waitingLimit = 4
    /// The largest number of waiting threads for one client, so that threads are left for other clients.
    private static let waitingShare = 2
    /// The longest time, in seconds, from the start of a log-in with an issuer to its end.
    private static let attemptSeconds: Int64 = 600
    private static let attemptCookie = "apus_attempt"

    init(_ access: AccessControl, _ methods: LogInMethods, _ logger: Logger) {
        self.access = access
        self.methods = methods
        self.logger = logger
        key = HMAC(key: AccessKey().hash)
    }

    /// - Parameter bases: the paths beneath which the server answers, or has pages.
    func add(to table: inout RouteTable, bases: Set<String>) {
        for base in bases {
            table.add(.get, base + "/login", .open(.none), .buffered { [self] in $1.send(form($0)) })
            table.add(.post, base + "/login", .open(.none), .blocking { [self] in $1.send(logIn($0)) })
            table.add(.get, base + "/logout", .open(.none), .buffered { [self] in $1.send(logOutForm($0)) })
            table.add(.post, base + "/logout", .open(.none), .blocking { [self] in $1.send(logOut($0)) })
            guard !methods.issuers.isEmpty else { continue }
            table.add(.get, base + "/login/issuer", .open(.none), .buffered { [self] in $1.send(begin($0)) })
            table.add(.get, base + "/login/callback", .open(.none), .blocking { [self] in $1.send(finish($0)) })
        }
    }

    /// The redirect to the log-in form for a browser that requests a page without a log-in; nil for other requests.
    ///
    /// The form leads back to the page. The address is relative, because a proxy may have removed a part of the path.
    static func redirection(of request: HTTPRequest, prefix: String) -> HTTPResponse? {
        guard request.method == .get, Refusal.wantsPage(request),
            request.header("sec-fetch-mode").map({ $0 == "navigate" }) ?? true
        else { return nil }
        let target = request.rawTarget
        // The target has no slash at its end, so a browser replaces its last part by the relative address.
        if !prefix.isEmpty, target.prefix(while: { $0 != "?" }) == prefix, let last = prefix.split(separator: "/").last
        {
            return redirect("\(last)/login")
        }
        let rest = !prefix.isEmpty && target.hasPrefix(prefix + "/") ? String(target.dropFirst(prefix.count)) : target
        guard rest.hasPrefix("/") else { return nil }
        let depth = rest.prefix { $0 != "?" }.count { $0 == "/" } - 1
        let up = depth > 0 ? String(repeating: "../", count: depth) : "./"
        let next = LocalPath(rest).text
        let query = next == "/" ? "" : "?next=\(PercentCoding.encode(next))"
        return redirect("\(up)login\(query)")
    }

    // MARK: The form

    private func form(_ request: HTTPRequest) -> HTTPResponse {
        page(request, next: LocalPath(request.queryValue("next") ?? "/"))
    }

    private func page(
        _ request: HTTPRequest,
        next: LocalPath,
        fault: String? = nil,
        status: Int = 200
    ) -> HTTPResponse {
        LogInPage.form(
            next: next,
            issuers: methods.issuers.map(\.settings.title),
            takesPasswords: access.hasUsers,
            user: access.nameOfLogIn(request),
            fault: fault
        ).response(status: status)
    }

    private func logIn(_ request: HTTPRequest) -> HTTPResponse {
        guard OriginPolicy.sender(of: request, publicOrigin: access.externalUsers.publicOrigin) != .foreign else {
            return Self.fault(403, "This form was sent by a page of another site. Use this server's own log-in page.")
        }
        let kind = request.header("content-type")?.prefix { $0 != ";" }.lowercased()
        guard kind == "application/x-www-form-urlencoded" else {
            return Self.fault(
                400,
                "Content-Type must be application/x-www-form-urlencoded, as the form of the log-in page sends it."
            )
        }
        let fields = FormFields(request.body)
        let next = LocalPath(fields["next"] ?? "/")
        do {
            let value: String
            if let name = fields["username"] {
                guard let reservation = reserveWaitingThread(for: request) else {
                    return page(request, next: next, fault: Self.tooManyLogIns, status: 503)
                }
                defer { withExtendedLifetime(reservation) {} }
                value = try access.logIn(name: name, password: fields["password"] ?? "", from: request)
            } else {
                value = try access.logIn(token: fields["token"]?.trimmed ?? "", from: request)
            }
            return logInResponse(request, value, at: "." + next.text)
        } catch let fault as AccessControl.LogInFault {
            return page(request, next: next, fault: fault.reason, status: 403)
        } catch {
            return failurePage(error)
        }
    }

    /// The answer to a successful log-in.
    private func logInResponse(_ request: HTTPRequest, _ value: String, at location: String) -> HTTPResponse {
        var response = Self.redirect(location)
        let cookieScope = access.externalUsers.cookieScope(of: request)
        response.headers.append(LogInCookie.field(value, seconds: LogIn.lifetime / 1_000, at: cookieScope))
        return response
    }

    // MARK: Logging out

    private func logOutForm(_ request: HTTPRequest) -> HTTPResponse {
        guard let user = access.nameOfLogIn(request) else { return Self.redirect("./login") }
        return LogInPage.leaving(user).response()
    }

    private func logOut(_ request: HTTPRequest) -> HTTPResponse {
        guard OriginPolicy.sender(of: request, publicOrigin: access.externalUsers.publicOrigin) == .own else {
            return Self.fault(
                403,
                "Log out with the button on this server's own page: this request was sent by a different site."
            )
        }
        do {
            try access.logOut(request)
        } catch {
            return failurePage(error)
        }
        var response = Self.redirect("./login")
        response.headers.append(LogInCookie.field("", seconds: 0, at: access.externalUsers.cookieScope(of: request)))
        return response
    }

    // MARK: Issuers

    /// Sends a browser to an issuer; a cookie identifies the attempt.
    private func begin(_ request: HTTPRequest) -> HTTPResponse {
        guard let text = request.queryValue("number"), let number = Int(text), methods.issuers.indices.contains(number)
        else { return Self.fault(404, isBelowLogIn: true, "There is no such way to log in.") }
        let next = LocalPath(request.queryValue("next") ?? "/")
        let seed = "\(AccessKey().text).\(Self.unixSeconds).\(number).\(Base64.encode(Array(next.text.utf8)))"
        do throws(IssuerFailure) {
            let address = try methods.issuers[number].authorizationAddress(
                for: LogInAttempt(seed: seed, key: key),
                returningTo: redirectAddress
            )
            var response = Self.redirect(address)
            response.headers.append(attemptCookieField(seed, request))
            return response
        } catch {
            return Self.fault(503, isBelowLogIn: true, "\(methods.issuers[number].settings.title) \(error).")
        }
    }

    private var redirectAddress: String { (methods.publicURL ?? "") + "/login/callback" }

    private func attemptCookieField(_ seed: String, _ request: HTTPRequest) -> (name: String, value: String) {
        LogInCookie.field(
            seed,
            name: Self.attemptCookie,
            seconds: seed.isEmpty ? 0 : Self.attemptSeconds,
            at: access.externalUsers.returnCookieScope(of: request)
        )
    }

    /// Finishes a log-in when the issuer has sent the browser back.
    private func finish(_ request: HTTPRequest) -> HTTPResponse {
        var response = answerToCallback(request)
        response.headers.append(attemptCookieField("", request))
        return response
    }

    private func answerToCallback(_ request: HTTPRequest) -> HTTPResponse {
        let cookieScope = access.externalUsers.returnCookieScope(of: request)
        guard let seed = LogInCookie.value(of: Self.attemptCookie, in: request, at: cookieScope),
            let state = request.queryValue("state"), LogInAttempt(seed: seed, key: key).isAnswered(by: state)
        else {
            return Self.fault(
                400,
                isBelowLogIn: true,
                "This log-in was begun in another browser or tab, or the server was restarted since. Begin a new one."
            )
        }
        // The state that was returned is derived from the seed with the key of this server, so this server has made the seed.
        let parts = seed.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, let begin = Int64(parts[1]), let number = Int(parts[2]),
            methods.issuers.indices.contains(number), Self.unixSeconds - begin < Self.attemptSeconds
        else {
            return Self.fault(
                400,
                isBelowLogIn: true,
                "This log-in has taken more than \(Self.attemptSeconds / 60) minutes. Begin a new one."
            )
        }
        let issuer = methods.issuers[number]
        let title = issuer.settings.title
        if let error = request.queryValue("error") {
            let detail = request.queryValue("error_description").map { ": \($0.printable(limit: 300))" } ?? ""
            return Self.fault(
                403,
                isBelowLogIn: true,
                "\(title) has not logged you in: \(error.printable(limit: 100))\(detail)."
            )
        }
        guard let code = request.queryValue("code"), code.utf8.count <= 4_096 else {
            return Self.fault(400, isBelowLogIn: true, "\(title) has sent no code with your browser.")
        }
        guard let reservation = reserveWaitingThread(for: request) else {
            return Self.fault(503, isBelowLogIn: true, Self.tooManyLogIns)
        }
        defer { withExtendedLifetime(reservation) {} }
        let next = LocalPath(String(decoding: Base64.decode(String(parts[3])) ?? [], as: UTF8.self))
        do {
            let proof = try issuer.user(
                code: code,
                from: request.queryValue("iss"),
                LogInAttempt(seed: seed, key: key),
                returnedTo: redirectAddress,
                at: Double(Self.unixSeconds)
            )
            let user = try proof.user
            guard recordFinish(seed, begunAt: begin) else {
                return Self.fault(400, isBelowLogIn: true, "This log-in was finished before. Begin a new one.")
            }
            return logInResponse(request, try access.logIn(user: user, at: request.arrival), at: ".." + next.text)
        } catch let fault as AccessControl.LogInFault {
            return Self.fault(403, isBelowLogIn: true, fault.reason)
        } catch let failure as IssuerFailure {
            let metadata: Logger.Metadata = ["issuer": "\(issuer.settings.issuer)", "reason": "\(failure)"]
            logger.warning("a log-in failed", metadata: metadata)
            return Self.fault(failure.isRefusal ? 403 : 503, isBelowLogIn: true, "\(title) \(failure).")
        } catch TokenFault.refused(let reason) {
            return Self.fault(403, isBelowLogIn: true, "\(title) has sent a token that is refused. \(reason)")
        } catch TokenFault.keysUnavailable(let reason) {
            return Self.fault(503, isBelowLogIn: true, reason)
        } catch {
            return failurePage(error, isBelowLogIn: true)
        }
    }

    /// Records that an attempt has led to a log-in, and returns false if that was recorded before.
    ///
    /// Attempts are remembered until they expire. They cannot become too many, because each requires a log-in at the issuer.
    private func recordFinish(_ seed: String, begunAt begin: Int64) -> Bool {
        finished.withLock { finished in
            let oldest = Self.unixSeconds - Self.attemptSeconds
            finished = finished.filter { $0.value >= oldest }
            return finished.updateValue(begin, forKey: seed) == nil
        }
    }

    /// Counts one more thread that waits for an issuer, or for the check of a password; nil if too many wait.
    private func reserveWaitingThread(for request: HTTPRequest) -> BudgetReservation? {
        let reservation = BudgetReservation(of: waiting, for: request.caller.peer)
        return reservation.grow(by: 1) ? reservation : nil
    }

    private static let tooManyLogIns = "Too many log-ins wait at the moment. Try again in a few seconds."

    // MARK: Answers

    private func failurePage(_ error: any Error, isBelowLogIn: Bool = false) -> HTTPResponse {
        if let apiError = (error as? TrackingError).map({ APIError($0) }) {
            return Self.fault(apiError.status, isBelowLogIn: isBelowLogIn, apiError.message)
        }
        logger.error("a log-in failed", metadata: ["error": "\(error)"])
        let text = "The server failed on this request; its log has the details."
        return Self.fault(500, isBelowLogIn: isBelowLogIn, text)
    }

    private static func fault(_ status: Int, isBelowLogIn: Bool = false, _ text: String) -> HTTPResponse {
        LogInPage.fault(text, isBelowLogIn: isBelowLogIn).response(status: status)
    }

    private static func redirect(_ location: String) -> HTTPResponse {
        HTTPResponse(status: 303, headers: [("Location", location), ("Cache-Control", "no-store")])
    }

    private static var unixSeconds: Int64 { Int64(time(nil)) }
}

/// A path on this server, with its query.
struct LocalPath {
    let text: String

    private static let maximumBytes = 2_000

    /// Anything that may lead to another server becomes `/`.
    init(_ text: String) {
        let bytes = Array(text.utf8)
        let isLocal =
            bytes.first == UInt8(ascii: "/") && bytes.dropFirst().first != UInt8(ascii: "/")
            && bytes.count <= Self.maximumBytes
            && bytes.allSatisfy { (0x21...0x7E).contains($0) && !"\\\"<>".utf8.contains($0) }
        self.text = isLocal ? text : "/"
    }
}

/// The fields of a form (application/x-www-form-urlencoded).
struct FormFields {
    private var values: [String: String] = [:]

    /// If several fields have the same name, the first counts.
    init(_ body: [UInt8]) {
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let texts = parts.map { PercentCoding.decode(String(decoding: $0, as: UTF8.self), plusIsSpace: true) ?? "" }
            guard let name = texts.first, values[name] == nil else { continue }
            values[name] = texts.count > 1 ? texts[1] : ""
        }
    }

    subscript(name: String) -> String? { values[name] }
}

extension String {
    /// The text without white space at its ends, which is often copied with a token.
    fileprivate var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
}
