import Budgets
import Identities
import TestSupport
import Testing
import Tracking

/// Both stores keep the same users, roles, tokens, log-ins and audit.
@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct AccountComparisonTests {
    private static let names = ["ada", "Bob", "cé", "nobody"]
    private static let patterns = ["1", "a", "b", "*"]

    @Test func `random changes of accounts have the same results and errors over both databases`() throws {
        let seed = testSeed()
        var random = SeededGenerator(seed: seed)
        let stores = try SameWrites(hasAccounts: true)
        var refusals = 0
        for number in 0..<400 {
            let answers = stores.write(Self.change(&random))
            #expect(
                Self.withoutIDs(answers.postgres) == Self.withoutIDs(answers.sqlite),
                "\(seed), \(number)"
            )
            if answers.sqlite.contains(": ") { refusals += 1 }
            if number.isMultiple(of: 10) {
                let found = stores.read { session, _ in try Self.description(session) }
                #expect(found.postgres == found.sqlite, "\(seed), \(number)")
            }
        }
        #expect((40..<360).contains(refusals))
    }

    /// PostgreSQL uses up an id for a row that it then does not insert, so that later rows have other ids.
    private static func withoutIDs(_ answer: String) -> String {
        answer.replacing(/id=\d+/, with: "id=")
    }

    private static func change(_ random: inout SeededGenerator) -> SameWrites.Request {
        let name = pick(names, &random)
        let (pattern, flag) = (pick(patterns, &random), Bool.random(using: &random))
        let level = pick(PermissionLevel.allCases, &random)
        let type: GrantedType = flag ? .registeredModel : .prompt
        let hash = (0..<32).map { _ in UInt8.random(in: 0...3, using: &random) }
        switch Int.random(in: 0..<14, using: &random) {
        case 0, 1:
            return { session, _ in
                try session.createUser(name, password: "hash", isAdministrator: flag).name
            }
        case 2: return done { try $0.setAdministrator(flag, user: name) }
        case 3: return done { try $0.deleteUser(name) }
        case 4: return done { try $0.resetPassword("hash of \(pattern)", ofUser: name) }
        case 5:
            return { session, _ in
                "\(try session.replacePassword("hash", with: "other", ofUser: try session.user(named: name).id))"
            }
        case 6: return done { try $0.grant(Grant(type, pattern, level), toUser: name) }
        case 7: return done { try $0.change(Grant(type, pattern, level), ofUser: name) }
        case 8: return done { try $0.revoke(type, pattern, fromUser: name) }
        case 9:
            return { session, _ in
                let role = try session.createRole(pattern, workspace: "default", description: flag ? name : nil)
                _ = try session.assignRole(role.id, toUser: name)
                return "\(try session.addRolePermission(Grant(type, pattern, level), toRole: role.id).permission)"
            }
        case 10:
            return { session, _ in
                guard let role = try session.roles(in: ["default"]).last(where: { $0.name == pattern }) else {
                    return ""
                }
                if flag { try session.deleteRole(role.id) }
                return try session.updateRole(role.id, name: name, description: nil).description ?? ""
            }
        case 11:
            return done { session in
                var token = AccessToken(name: pattern, scope: flag ? .write : .read, creationTime: 5)
                token.userID = flag ? try session.user(named: name).id : nil
                token.experimentIDs = flag ? [0] : nil
                try session.createAccessToken(token, hash: hash)
            }
        case 12:
            return done { session in
                let owner = flag ? try session.user(named: name).id : nil
                try session.noteUse(ofAccessToken: pattern, ofUser: owner, at: 7)
                try session.revokeAccessToken(named: pattern, ofUser: owner)
            }
        default:
            return done { session in
                let holder = flag ? LogIn.Holder.account(name: name, mark: [1]) : .token(name: pattern, hash: hash)
                try session.createLogIn(LogIn(holder, at: 9), hash: hash, ofUser: nil)
                var entry = AuditEntry(actor: AuditActor(.user, name), action: "log-in")
                entry.resource = AuditResource(.experiment, pattern)
                try session.audit(entry)
                try session.moveGrants(ofModel: "a", to: "b")
            }
        }
    }

    private static func done(
        _ body: @escaping @Sendable (any TrackingWriting) throws -> Void
    ) -> SameWrites.Request {
        { session, _ in
            try body(session)
            return ""
        }
    }

    private static func pick<Value>(_ values: [Value], _ random: inout SeededGenerator) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    /// All that is stored, without ids and times, which differ.
    private static func description(_ session: any TrackingReading) throws -> String {
        var lines: [String] = []
        for user in try session.users() {
            let password = try session.userWithPassword(named: user.name)?.password ?? ""
            let grants = try session.grants(ofUser: user.id).map { "\($0)" }.sorted()
            let roles = try session.roles(ofUser: user.id).filter { !$0.name.hasPrefix("__user") }.map(\.name)
            let own = try session.ownPermissions(ofUser: user.id, type: "prompt").map { "\($0)" }
            lines.append("\(user.name) \(user.isAdministrator) \(password) \(grants) \(roles) \(own)")
        }
        for pattern in patterns {
            let given = try session.ownGrants(for: .registeredModel, pattern, after: "A", limit: 2)
            lines.append("\(given)")
        }
        for (token, hash) in try session.accessTokens() {
            lines.append("\(token.name) \(token.scope) \(token.userID != nil) \(token.experimentIDs ?? []) \(hash)")
        }
        lines += try session.logIns().map { "\($0.logIn) \($0.hash)" }.sorted()
        for resource in [nil, "1", "a"] {
            var query = AuditQuery(maxResults: 3)
            query.resourceID = resource
            lines += try session.auditPage(query).entries.map { "\($0.actor) \($0.resource)" }
        }
        lines.append("\(try session.hasUsers()) \(try session.hasAdministrator())")
        return lines.joined(separator: "\n")
    }
}
