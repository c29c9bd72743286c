import Budgets
import Identities
import PostgreSQL
import PostgresStore
import TestSupport
import Testing
import Tracking

/// What users are given with what they make, over both databases.
@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct CreatorGrantTests {
    private typealias Change = @Sendable (any TrackingWriting) throws -> Void

    private let sqlite: StoreFixture
    private let postgres: PostgresStoreFixture

    init() throws {
        sqlite = try StoreFixture()
        postgres = try PostgresStoreFixture { $0.ownTables = ownTables }
        try execute {
            """
            INSERT INTO \($0)users (id, name, is_admin, creation_time) VALUES (7, 'ana', 0, 0), (8, 'bo', 0, 0);
            INSERT INTO \($0)roles (id, workspace, name) VALUES (50, 'default', 'team');
            INSERT INTO \($0)role_permissions (role_id, resource_type, resource_pattern, permission)
            VALUES (50, 'registered_model', 'm', 'READ');
            """
        }
    }

    /// Runs a script in both databases, given what stands in front of the names of the tables.
    private func execute(_ script: (String) -> String) throws {
        try sqlite.execute(script(""))
        try postgres.other().execute(script("apus."))
    }

    private func caller(_ name: String, _ id: Int64?) -> Caller {
        let identity = Identity(.user, name: name, userID: id, permissions: Permissions([], defaultLevel: .manage))
        return Caller(peer: Peer(address: "192.0.2.1"), identity: identity)
    }

    /// Makes a change in both stores, which must answer the same and then have the same grants.
    ///
    /// - Returns: the grants with the numbers of their users, 0 for those of an admin's role; the last one is the error, if there
    ///   is one.
    @discardableResult
    private func change(_ name: String, _ id: Int64?, _ change: @escaping Change) throws -> [String] {
        let stores: [any TrackingBackend] = [sqlite.store, postgres.store]
        let errors = stores.map { store in
            trackingError { try store.writeNow(for: caller(name, id)) { try change($0) } }?.message
        }
        #expect(errors[0] == errors[1])
        func listing(_ schema: String) -> String {
            """
            SELECT coalesce(role.user_id, 0) || ' ' || resource_type || ' ' || resource_pattern || ' ' || permission
            FROM \(schema)role_permissions AS given JOIN \(schema)roles AS role ON role.id = given.role_id
            """
        }
        let expected = try sqlite.rows(listing("")).compactMap(\.first).sorted()
        var found: [String] = []
        try postgres.other().forEachRow(listing("apus.")) { found.append($0.string(0)) }
        #expect(found.sorted() == expected)
        return expected + errors.prefix(1).compactMap { $0 }
    }

    @Test func `who makes something manages it, and grants follow a model`() throws {
        try change("ana", 7) { _ = try $0.createExperiment(name: "e", artifactLocation: nil, tags: []) }
        try change("ana", 7) { _ = try $0.createRegisteredModel(name: "m", description: "", tags: []) }
        try change("bo", 8) { _ = try $0.createRegisteredModel(name: "p", description: "", tags: [.promptMark]) }
        let made = [
            "0 registered_model m READ", "7 experiment 1 MANAGE", "7 registered_model m MANAGE", "8 prompt p MANAGE",
        ]
        #expect(
            try change("nobody", nil) { _ = try $0.createRegisteredModel(name: "n", description: "", tags: []) } == made
        )
        #expect(
            try change("bo", 8) { _ = try $0.renameRegisteredModel("m", to: "k") } == [
                "0 registered_model m READ", "7 experiment 1 MANAGE", "7 registered_model k MANAGE",
                "8 prompt p MANAGE",
            ]
        )
        try change("bo", 8) { _ = try $0.renameRegisteredModel("k", to: "k") }
        #expect(
            try change("nobody", nil) { try $0.deleteRegisteredModel("k") } == [
                "0 registered_model m READ", "7 experiment 1 MANAGE", "8 prompt p MANAGE",
            ]
        )
        #expect(try postgres.number("SELECT count(*) FROM apus.user_roles") == 2)
    }

    @Test func `a grant that moves replaces what is left of an earlier model with the name`() throws {
        try change("ana", 7) { _ = try $0.createRegisteredModel(name: "m", description: "", tags: []) }
        try execute {
            """
            INSERT INTO \($0)role_permissions (role_id, resource_type, resource_pattern, permission)
            SELECT id, 'registered_model', 'k', 'DENY' FROM \($0)roles WHERE user_id = 7;
            """
        }
        #expect(
            try change("ana", 7) { _ = try $0.renameRegisteredModel("m", to: "k") } == [
                "0 registered_model m READ", "7 registered_model k MANAGE",
            ]
        )
    }

    @Test func `nobody gets the grant for all models by a name, and a deleted user makes nothing`() throws {
        let made = try change("ana", 7) { _ = try $0.createRegisteredModel(name: "m", description: "", tags: []) }
        let message =
            "'*' cannot be a name on this server, because in permissions it stands for everything. Choose another name."
        let refused = try change("ana", 7) { _ = try $0.createRegisteredModel(name: "*", description: "", tags: []) }
        #expect(refused == made + [message])
        #expect(try change("ana", 7) { _ = try $0.renameRegisteredModel("m", to: "*") } == made + [message])
        try execute { "DELETE FROM \($0)users WHERE id = 8;" }
        let late = try change("bo", 8) { _ = try $0.createExperiment(name: "e", artifactLocation: nil, tags: []) }
        #expect(late == made + [TrackingError.userDeletedMeanwhile.message])
        #expect(try postgres.number("SELECT count(*) FROM experiments") == 1)
    }

    @Test func `a store without tables of users grants nothing, and needs none`() throws {
        let plain = try PostgresStoreFixture()
        let made: Int64 = try plain.store.writeNow(for: caller("ana", 7)) { session in
            _ = try session.createRegisteredModel(name: "m", description: "", tags: [])
            _ = try session.renameRegisteredModel("m", to: "k")
            try session.deleteRegisteredModel("k")
            return try session.createExperiment(name: "e", artifactLocation: nil, tags: [])
        }
        #expect(made == 1)
    }
}
