import Budgets
import Coding
import HTTPServer
import HTTPWire
import Identities
import MLflowAPI
import Passwords
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Requests of one connection that have the same name and password as the last one, so that their sender is not looked up again.
@Suite struct RepeatedCredentialTests {
    private static let password = "correct horse battery"
    private let stored: StoreFixture
    private let access: AccessControl

    init() throws { try self.init(externalUsers: ExternalUsers()) }

    private init(externalUsers: ExternalUsers) throws {
        let fixture = try APIFixture(defaultLevel: PermissionLevel.none, externalUsers: externalUsers)
        stored = fixture.stored
        access = try #require(fixture.access)
        let hash = try PasswordHash.make(Self.password, rounds: 10)
        try stored.write { session in
            for name in ["ann", "eve"] { _ = try session.createUser(name, password: hash, isAdministrator: false) }
        }
    }

    private func fields(_ name: String, _ password: String = password) -> [String: String] {
        ["authorization": "Basic " + Base64.encode(Array("\(name):\(password)".utf8), .standard)]
    }

    /// Decides about a request of a connection; returns the status of the refusal, or 200.
    private func send(
        _ fields: [String: String],
        on caller: inout Caller,
        _ declared: Access = .lookUp(.none)
    ) throws -> Int {
        let head = try APIFixture.head("GET", "/x", [], bodyBytes: 0, fields)
        var request = HTTPRequest(head: head, caller: caller, isAloneOnItsThread: false)
        let refusal = access.refusal(of: &request, declared)
        caller = request.caller
        return refusal?.refusal.status ?? 200
    }

    private func newConnection() -> Caller { Caller(peer: Peer(address: "192.0.2.1")) }

    @Test func `the same field needs no look-up, and the call is still checked`() throws {
        var caller = newConnection()
        #expect(try send(fields("ann"), on: &caller) == 200)
        #expect(caller.credential != nil)
        let first = caller
        #expect(try send(fields("ann"), on: &caller) == 200)
        #expect(caller === first)
        #expect(caller.admissionVersion == access.version.current)
        #expect(try send(fields("ann"), on: &caller, .lookUp(.statistics)) == 403)
    }

    @Test func `another field identifies somebody else or nobody`() throws {
        var caller = newConnection()
        #expect(try send(fields("ann"), on: &caller) == 200)
        #expect(try send(fields("eve"), on: &caller) == 200)
        #expect(caller.identity?.name == "eve")
        #expect(try send(fields("ann", "wrong password"), on: &caller) == 401)
        #expect(caller.identity == nil && caller.credential == nil)
        #expect(try send(fields("ann"), on: &caller) == 200)
        #expect(try send([:], on: &caller) == 401)
        #expect(try send(fields("ann"), on: &caller) == 200)
        let twice = ["authorization": fields("ann")["authorization"], "Authorization": fields("ann")["authorization"]]
        #expect(try send(twice.compactMapValues(\.self), on: &caller) == 401)
    }

    @Test func `a new password and a deletion count at the next request`() throws {
        var caller = newConnection()
        #expect(try send(fields("ann"), on: &caller) == 200)
        let hash = try PasswordHash.make("another long password", rounds: 10)
        try stored.write { try $0.resetPassword(hash, ofUser: "ann") }
        #expect(try send(fields("ann"), on: &caller) == 401)
        #expect(try send(fields("ann", "another long password"), on: &caller) == 200)
        try stored.write { try $0.deleteUser("ann") }
        #expect(try send(fields("ann", "another long password"), on: &caller) == 401)
    }

    @Test func `a grant counts at the next request`() throws {
        var caller = newConnection()
        #expect(try send(fields("ann"), on: &caller) == 200)
        #expect(caller.identity?.permissions?.level(ofExperiment: 7) == PermissionLevel.none)
        try stored.write { try $0.grant(Grant(.experiment, "7", .edit), toUser: "ann") }
        #expect(try send(fields("ann"), on: &caller) == 200)
        #expect(caller.identity?.permissions?.level(ofExperiment: 7) == .edit)
    }

    @Test func `what a proxy says counts more, also after requests that came without it`() throws {
        var users = ExternalUsers()
        users.scopes = [ExternalUser.proxySource: GroupScopes([GroupScopes.everyonesName: .write])]
        let network = try #require(IPNetwork("192.0.2.1"))
        users.proxy = TrustedProxy(userField: "X-User", groupsField: nil, peers: [network])
        let suite = try Self(externalUsers: users)
        var caller = newConnection()
        #expect(try suite.send(fields("ann"), on: &caller) == 200)
        #expect(try suite.send(fields("ann"), on: &caller) == 200)
        #expect(caller.identity?.name == "ann")
        #expect(try suite.send(fields("ann").merging(["x-user": "eve"]) { $1 }, on: &caller) == 200)
        #expect(caller.identity?.name == "eve")
    }
}
