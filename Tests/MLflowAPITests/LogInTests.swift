import Budgets
import Coding
import HTTPServer
import HTTPWire
import Hashing
import Identities
import MLflowAPI
import Synchronization
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Who is logged in with a browser, and what others say of who sends a request.
@Suite struct LogInTests {
    private let stored: StoreFixture
    private let scopes = GroupScopes(["team": .write, "bosses": .admin])

    init() throws {
        stored = try StoreFixture()
    }

    private func access(_ adjust: (inout ExternalUsers) -> Void = { _ in }) throws -> AccessControl {
        var externalUsers = ExternalUsers()
        externalUsers.scopes = ["issuer": scopes, ExternalUser.proxySource: scopes]
        adjust(&externalUsers)
        var settings = AccessSettings(isRequired: true)
        settings.externalUsers = externalUsers
        return try AccessControl(stored.store, settings)
    }

    /// A server with users besides, which tells the audit who logs in.
    private func accessWithUsers(_ adjust: (inout ExternalUsers) -> Void = { _ in }) throws -> AccessControl {
        var settings = AccessSettings(isRequired: true, defaultLevel: .read)
        settings.externalUsers.scopes = ["issuer": scopes, "other": scopes]
        adjust(&settings.externalUsers)
        return try AccessControl(stored.store, settings, logInAudit: LogInAudit(stored.store))
    }

    /// What is answered once it is known who sends a request.
    private func settledStatus(
        _ access: AccessControl,
        bearer: String,
        _ declared: Access = .lookUp(.none)
    ) throws -> Int {
        var request = try request("GET", ["authorization": "Bearer \(bearer)"])
        return access.refusal(of: &request, declared)?.refusal.status ?? 200
    }

    private func auditedLogIns(atLeast count: Int = 0) throws -> [AuditEntry] {
        var found: [AuditEntry] = []
        for _ in 0..<100 {
            // Entries of the server are written in the order in which they were handed over; those of others take turns with it.
            try stored.write { _ in }
            found = try stored.store.readNow { try $0.auditPage(AuditQuery(maxResults: 100)) }.entries
            if found.count >= count { break }
        }
        return found.reversed()
    }

    private func request(_ method: String, _ headers: [String: String]) throws -> HTTPRequest {
        let head = try APIFixture.head(method, "/x", [], bodyBytes: 0, headers)
        return HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false)
    }

    private func status(
        _ access: AccessControl,
        _ headers: [String: String],
        by method: String = "GET"
    ) throws -> Int {
        var request = try request(method, headers)
        switch access.decision(on: &request, .lookUp(.none)) {
        case .admitted: return 200
        case .refused(let refusal): return refusal.refusal.status
        case .undecided: return 0
        }
    }

    private func user(_ name: String = "ada", _ groups: [String] = ["team"]) throws -> ExternalUser {
        try #require(ExternalUser(name: name, groups: groups, source: "issuer"))
    }

    @Test func `a log-in counts from a cookie, until it is ended or the server knows its user no more`() throws {
        let access = try access()
        let key = try access.logIn(user: try user())
        let cookie = ["cookie": "apus_log_in=\(key)"]
        #expect(try status(access, cookie) == 200)
        #expect(try status(access, ["authorization": "Bearer \(key)"]) == 401)
        // Another server on the same store knows it; one that gives the groups nothing, or knows no such issuer, does not.
        #expect(try status(try self.access(), cookie) == 200)
        #expect(try status(try self.access { $0.scopes["issuer"] = GroupScopes(["others": .admin]) }, cookie) == 401)
        #expect(try status(try self.access { $0.scopes = [:] }, cookie) == 401)
        try access.logOut(try request("POST", cookie))
        #expect(try status(access, cookie) == 401)
        #expect(try status(try self.access(), cookie) == 401)
    }

    @Test func `the store holds the hash of a key alone`() throws {
        let key = try access().logIn(user: try user())
        let all = try stored.store.readNow { try $0.logIns() }
        #expect(all.map(\.hash) == [SHA256.digest(of: Array(key.utf8))])
        #expect(Base64.decode(String(key.dropFirst(AccessKey.prefix.count)))?.count == 32)
        #expect(all.map(\.logIn.name) == ["ada"])
    }

    @Test func `a log-in ends after a week, and after a day without a request`() throws {
        var logIn = LogIn(.user(try user()), at: 0)
        let day: Int64 = 86_400_000
        #expect(!logIn.hasEnded(at: day - 1) && logIn.hasEnded(at: day))
        logIn.lastUsedTime = 7 * day - 10
        #expect(!logIn.hasEnded(at: 7 * day - 1) && logIn.hasEnded(at: 7 * day))
    }

    @Test func `of one name the newest hundred log-ins count`() throws {
        let access = try access()
        let first = try access.logIn(user: try user())
        let other = try access.logIn(user: try user("bob"))
        for _ in 0..<LogIn.limit { _ = try access.logIn(user: try user()) }
        #expect(try status(access, ["cookie": "apus_log_in=\(first)"]) == 401)
        #expect(try status(access, ["cookie": "apus_log_in=\(other)"]) == 200)
        #expect(try stored.store.readNow { try $0.logIns() }.count == LogIn.limit + 1)
    }

    @Test func `nobody is logged in whose groups may do nothing`() throws {
        let access = try access()
        for groups in [[], ["others"], ["TEAM"], ["*"]] {
            #expect(throws: AccessControl.LogInFault.self) { try access.logIn(user: try user("ada", groups)) }
        }
        #expect(throws: AccessControl.LogInFault.self) { try access.logIn(token: "", from: try request("POST", [:])) }
        #expect(throws: AccessControl.LogInFault.self) {
            try access.logIn(token: access.operatorKey.text, from: try request("POST", [:]))
        }
        #expect(try stored.store.readNow { try $0.logIns() }.isEmpty)
    }

    @Test func `the widest scope of a user's groups counts`() {
        let scopes = GroupScopes(["a": .read, "b": .admin, "c": .write, "e\u{301}": .admin])
        #expect(scopes.scope(of: []) == nil)
        #expect(scopes.scope(of: ["x", "a"]) == .read)
        #expect(scopes.scope(of: ["b", "a", "c"]) == .admin)
        // It looks the same, and is another name.
        #expect(scopes.scope(of: ["\u{E9}"]) == nil)
        let open = GroupScopes(["*": .read, "c": .write])
        #expect(open.scope(of: []) == .read && open.scope(of: ["*"]) == .read && open.scope(of: ["c"]) == .write)
    }

    @Test func `a change by cookie must come from a page of the server`() throws {
        let access = try access()
        let key = try access.logIn(user: try user())
        let host = "tracking.example:5000"
        let senders: [(fields: [String: String], read: Int, change: Int)] = [
            ([:], 200, 403), (["origin": "http://\(host)"], 200, 200), (["origin": "https://\(host)"], 200, 200),
            (["origin": "http://localhost"], 403, 403), (["origin": "null"], 403, 403),
            (["origin": "http://tracking.example"], 403, 403), (["sec-fetch-site": "same-origin"], 200, 200),
            (["sec-fetch-site": "none"], 200, 200), (["sec-fetch-site": "same-site"], 403, 403),
            (["sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"], 200, 403),
            (["sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "origin": "null"], 403, 403),
        ]
        for sender in senders {
            let fields = sender.fields.merging(["cookie": "apus_log_in=\(key)"]) { first, _ in first }
            #expect(try status(access, fields) == sender.read, "\(sender.fields)")
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                #expect(try status(access, fields, by: method) == sender.change, "\(method) \(sender.fields)")
            }
        }
    }

    @Test func `a token of an issuer is taken by its word, and the answer says whether to come again`() throws {
        let known = try user()
        let access = try access { externalUsers in
            externalUsers.isToken = { $0.starts(with: "ey".utf8) }
            externalUsers.userOfToken = { token, _ throws(ExternalUsers.TokenFailure) in
                switch String(decoding: token, as: UTF8.self) {
                case "eyA": return known
                case "eyB": throw .issuerUnreachable("Not yet.")
                default: throw .refused("Never.")
                }
            }
        }
        #expect(try status(access, ["authorization": "Bearer eyA"]) == 200)
        #expect(try status(access, ["authorization": "Bearer eyB"]) == 503)
        #expect(try status(access, ["authorization": "Bearer eyC"]) == 401)
        #expect(try status(access, ["authorization": "Bearer other"]) == 401)
        var first = try request("GET", ["authorization": "Bearer eyA"])
        var second = first
        _ = (access.decision(on: &first, .lookUp(.none)), access.decision(on: &second, .lookUp(.none)))
        // One object stands for all requests of a user.
        #expect(first.caller.identity === second.caller.identity && first.caller.identity?.name == "ada")
    }

    @Test func `a request waits for the keys of its token, and then is answered`() throws {
        let known = try user()
        let isThere = Mutex(false)
        let access = try access { externalUsers in
            externalUsers.isToken = { $0.starts(with: "ey".utf8) }
            externalUsers.userOfToken = { token, _ throws(ExternalUsers.TokenFailure) in
                guard isThere.withLock({ $0 }) else {
                    throw .undecided { done in
                        isThere.withLock { $0 = true }
                        done()
                    }
                }
                if token.count > 3 { throw .refused("Signed with a key of nobody.") }
                return known
            }
        }
        #expect(try status(access, ["authorization": "Bearer eyA"]) == 0)
        #expect(try settledStatus(access, bearer: "eyA") == 200)
        isThere.withLock { $0 = false }
        #expect(try settledStatus(access, bearer: "eyLong") == 401)
    }

    @Test func `a user's tokens and older log-ins allow no more than the groups that were named last`() throws {
        let groups = Mutex<[String: [String]]>(["eyI": ["team"], "eyO": []])
        let access = try accessWithUsers { externalUsers in
            externalUsers.isToken = { $0.starts(with: "ey".utf8) }
            externalUsers.userOfToken = { token, _ throws(ExternalUsers.TokenFailure) in
                let text = String(decoding: token, as: UTF8.self)
                let source = text == "eyI" ? "issuer" : "other"
                let named = groups.withLock { $0[text] ?? [] }
                guard let user = ExternalUser(name: "ada", groups: named, source: source) else {
                    throw .refused("Nobody.")
                }
                return user
            }
        }
        let endpoints = try APIFixture().api.endpoints
        let change = try #require(endpoints.first { $0.path.hasSuffix("experiments/create") }).access
        #expect(try settledStatus(access, bearer: "eyI", change) == 200)
        let id = try stored.store.readNow { try $0.user(named: "ada").id }
        let key = AccessKey()
        var token = AccessToken(name: "laptop", scope: .write, creationTime: 0)
        token.userID = id
        try stored.write { [token] in try $0.createAccessToken(token, hash: key.hash) }
        try access.reload()
        let value = try access.logIn(user: try user("ada", ["team"]))
        let cookie = ["cookie": "apus_log_in=\(value)"]
        #expect(try settledStatus(access, bearer: key.text, change) == 200)
        #expect(try status(access, cookie) == 200)
        // Another issuer knows nothing of the groups, and the first one still does.
        #expect(try settledStatus(access, bearer: "eyO") == 403)
        #expect(try settledStatus(access, bearer: key.text, change) == 200)
        groups.withLock { $0["eyI"] = [] }
        let before = access.version.current
        #expect(try settledStatus(access, bearer: "eyI") == 403)
        #expect(access.version.current != before)
        #expect(try settledStatus(access, bearer: key.text) == 403)
        #expect(try status(access, cookie) == 401)
        groups.withLock { $0["eyI"] = ["team"] }
        #expect(try settledStatus(access, bearer: "eyI") == 200)
        #expect(try settledStatus(access, bearer: key.text, change) == 200)
        #expect(try status(access, cookie) == 200)
    }

    @Test func `the audit keeps a token and a user whom somebody names apart`() throws {
        var settings = AccessSettings(isRequired: true)
        let known = try user()
        settings.externalUsers.scopes = ["issuer": scopes]
        settings.externalUsers.isToken = { $0.starts(with: "ey".utf8) }
        settings.externalUsers.userOfToken = { _, _ in known }
        let access = try AccessControl(stored.store, settings, logInAudit: LogInAudit(stored.store))
        let key = AccessKey()
        try stored.write {
            try $0.createAccessToken(AccessToken(name: "ada", scope: .read, creationTime: 0), hash: key.hash)
        }
        try access.reload()
        #expect(try settledStatus(access, bearer: "eyA") == 200 && settledStatus(access, bearer: key.text) == 200)
        #expect(try auditedLogIns(atLeast: 2).map(\.actor) == [AuditActor(.user, "ada"), AuditActor(.token, "ada")])
        var request = try request("GET", ["authorization": "Bearer eyA"])
        _ = access.decision(on: &request, .lookUp(.none))
        // It is no user of the server, who could make tokens.
        #expect(request.caller.identity?.kind == .outsider)
    }

    @Test func `the audit tells of log-ins by the form that are refused`() throws {
        let access = try accessWithUsers()
        _ = try stored.write { try $0.createUser("ada", password: nil, isAdministrator: false) }
        let request = try request("POST", [:])
        #expect(throws: AccessControl.LogInFault.self) {
            try access.logIn(name: "ada", password: "no password", from: request)
        }
        let entries = try auditedLogIns()
        #expect(entries.map(\.actor) == [AuditActor(.user, "ada")])
        #expect(entries.allSatisfy { $0.isRefused && $0.action == LogInAudit.action })
        let other = try AccessControl(
            stored.store,
            AccessSettings(isRequired: true),
            logInAudit: LogInAudit(stored.store)
        )
        #expect(throws: AccessControl.LogInFault.self) { try other.logIn(token: "apus_none", from: request) }
        #expect(try auditedLogIns().map(\.actor) == [AuditActor(.user, "ada"), .anyone])
        #expect(access.failedAuthenticationCount == 1 && other.failedAuthenticationCount == 1)
    }

    @Test(arguments: ["", " a", "a ", "a\nb", "a\u{7F}", "\u{202E}a", "\u{FFFD}", "the operator's command"])
    func `a name that cannot be shown in a line is nobody's`(name: String) {
        #expect(ExternalUser(name: name, groups: [], source: "issuer") == nil)
        #expect(ExternalUser(name: String(repeating: "x", count: 256), groups: [], source: "issuer") == nil)
    }

    @Test func `a group with a line break is none, so that it cannot become two`() throws {
        let access = try access()
        #expect(try user("ada", ["team", "x\nbosses", ""]).groups == ["team"])
        _ = try access.logIn(user: try user("ada", ["team", "x\nbosses"]))
        let logIn = try #require(try stored.store.readNow { try $0.logIns() }.first?.logIn)
        #expect(logIn.holder == .user(try user("ada", ["team"])))
    }
}
