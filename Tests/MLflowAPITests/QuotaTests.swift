import ArtifactStore
import Budgets
import Identities
import MLflowAPI
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct QuotaTests {
    private let ana = Caller(peer: Peer(address: "192.0.2.1"), identity: Identity(.token, name: "ana"))
    private let bob = Caller(peer: Peer(address: "192.0.2.1"), identity: Identity(.token, name: "bob"))

    @Test func `bytes beyond a client's quota are refused, for this client alone and with the reason`() throws {
        let fixture = try fixture(client: 10)
        #expect(try put("a", 6, fixture, ana).status == 200)
        let refusal = try put("b", 5, fixture, ana)
        #expect(refusal.status == 413)
        #expect(refusal.text.contains("RESOURCE_LIMIT_EXCEEDED"))
        #expect(refusal.text.contains("'ana' has 6 of the 10 bytes of artifacts that one token or user may have"))
        #expect(try put("b", 4, fixture, ana).status == 200)
        #expect(try put("c", 10, fixture, bob).status == 200)
        #expect(try put("d", 1, fixture, ana).status == 413)
        #expect(try put("d", 100, fixture, .server).status == 200)
    }

    @Test func `a token and a user of the same name have a quota each`() throws {
        let fixture = try fixture(client: 10)
        let user = Caller(peer: Peer(address: "192.0.2.1"), identity: Identity(.user, name: "ana", userID: 1))
        #expect(try put("a", 10, fixture, ana).status == 200)
        #expect(try put("b", 10, fixture, user).status == 200)
        #expect(try put("c", 1, fixture, user).status == 413)
        let answer = try fixture.send("GET", "/api/apus/1.0/usage")
        let sums = #""artifact_bytes":10,"artifacts":1,"runs":0}"#
        #expect(answer.text.contains(#"{"kind":"token","name":"ana",\#(sums),{"kind":"user","name":"ana",\#(sums)"#))
    }

    @Test func `bytes that no length announces are counted as they come`() throws {
        let fixture = try fixture(client: 10)
        #expect(try put("a", 11, fixture, ana, announced: false).status == 413)
        #expect(try put("a", 10, fixture, ana, announced: false).status == 200)
    }

    @Test func `a deletion gives back, and so does an upload that was refused`() throws {
        let fixture = try fixture(client: 10)
        for _ in 0..<3 { #expect(try put("a", 11, fixture, ana, announced: false).status == 413) }
        #expect(try put("a", 10, fixture, ana).status == 200)
        #expect(try put("b", 1, fixture, ana).status == 413)
        #expect(try fixture.send("DELETE", Self.route + "a", from: bob).status == 200)
        #expect(try put("b", 10, fixture, ana).status == 200)
    }

    @Test func `all together have a quota`() throws {
        let fixture = try fixture(server: 10)
        #expect(try put("a", 6, fixture, ana).status == 200)
        let refusal = try put("b", 5, fixture, bob)
        #expect(refusal.status == 413)
        #expect(refusal.text.contains("--server-artifacts"))
        #expect(try put("b", 4, fixture, .server).status == 200)
    }

    @Test func `parts of an open upload count for who began it, and are given back with it`() throws {
        let quotas = try #require(StorageQuotas(client: 10, server: nil, use: []))
        let folder = try TemporaryFolder()
        var limits = MultipartUploads.Limits()
        limits.claim = { quotas.claim(for: $0.flatMap { StorageOwner(key: $0) }) }
        let uploads = MultipartUploads(root: ArtifactRoot(location: folder.file("parts")), limits: limits)
        let path = try ArtifactPath("big")
        let owner = StorageOwner(.token, "ana")
        let (id, _) = try uploads.create(path, partCount: 2, owner: owner.key)
        let part = try uploads.beginPart(id, number: 1, length: 8)
        try write(8, to: part)
        _ = try part.commit()
        let claim = quotas.claim(for: owner)
        #expect(throws: ArtifactError.self) { try claim.grow(by: 3) }
        try claim.grow(by: 2)
        claim.release()
        let next = try uploads.beginPart(id, number: 2, length: 8)
        #expect(throws: ArtifactError.self) { try write(8, to: next) }

        // Another process finds the upload on the disk, and who began it.
        let later = try #require(StorageQuotas(client: 10, server: nil, use: []))
        limits.claim = { later.claim(for: $0.flatMap { StorageOwner(key: $0) }) }
        let reopened = MultipartUploads(root: ArtifactRoot(location: folder.file("parts")), limits: limits)
        try reopened.removeExpired()
        #expect(throws: ArtifactError.self) { try later.claim(for: owner).grow(by: 3) }
        try reopened.abort(id, path)
        try later.claim(for: owner).grow(by: 10)
    }

    /// Uploads the only part, which is closed afterwards, as after a request.
    private func uploadPart(of id: String, to uploads: MultipartUploads) throws -> ListedPart {
        let part = try uploads.beginPart(id, number: 1, length: 8)
        try write(8, to: part)
        return ListedPart(number: 1, entityTag: try part.commit())
    }

    @Test func `an upload in parts that another server has ended is given back before bytes are refused`() throws {
        let quotas = try #require(StorageQuotas(client: 10, server: 12, isShared: true, use: []))
        let folder = try TemporaryFolder()
        var limits = MultipartUploads.Limits()
        limits.claim = { quotas.claim(for: $0.flatMap { StorageOwner(key: $0) }) }
        let uploads = MultipartUploads(root: ArtifactRoot(location: folder.file("parts")), limits: limits)
        let other = MultipartUploads(root: ArtifactRoot(location: folder.file("parts")))
        quotas.beforeRefusals { uploads.forgetEnded() }
        let owner = StorageOwner(.token, "ana")
        for isCompleted in [true, false] {
            let path = try ArtifactPath("big")
            let (id, _) = try uploads.create(path, partCount: 1, owner: owner.key)
            let listed = try uploadPart(of: id, to: uploads)
            #expect(throws: ArtifactError.self) { try quotas.claim(for: owner).grow(by: 9) }
            if isCompleted { try other.complete(id, path, [listed]) } else { try other.abort(id, path) }
            // What is stored comes from the database, which has nothing here.
            try quotas.claim(for: owner).grow(by: 10)
            try quotas.claim(for: nil).grow(by: 12)
        }
    }

    @Test func `sums of a database that others use are those of its store, and old ones do not come back`() throws {
        let owner = StorageOwner(.token, "ana")
        func use(_ bytes: Int64, version: Int64) -> StorageUse {
            var use = StorageUse(owner: owner)
            (use.artifactBytes, use.version) = (bytes, version)
            return use
        }
        let quotas = try #require(StorageQuotas(client: 10, server: 15, isShared: true, use: [use(2, version: 3)]))
        func hasRoom(_ bytes: Int64, for owner: StorageOwner?) -> Bool {
            (try? quotas.claim(for: owner).grow(by: bytes)) != nil
        }
        #expect(hasRoom(8, for: owner) && !hasRoom(9, for: owner))
        quotas.note([use(7, version: 5)])
        quotas.note([use(4, version: 4)])
        #expect(hasRoom(3, for: owner) && !hasRoom(4, for: owner))
        // The store tells what its own commits change, too.
        quotas.apply([StoredChange(owner: owner, bytes: 3)])
        #expect(hasRoom(3, for: owner) && hasRoom(8, for: nil) && !hasRoom(9, for: nil))
    }

    @Test func `one client sends only so many files at once`() throws {
        let budget = Budget(total: 10, share: 1)
        let fixture = try APIFixture { settings, _ in settings.uploads = budget }
        let place = BudgetReservation(of: budget, for: ana.client)
        #expect(place.grow(by: 1))
        let refusal = try put("a", 1, fixture, ana)
        #expect(refusal.status == 429)
        #expect(refusal.text.contains("'ana' sends as many files at once as one client may: 1"))
        #expect(try put("a", 1, fixture, bob).status == 200)
    }

    @Test func `who stored what is told`() throws {
        let fixture = try fixture(client: 10)
        #expect(try put("a", 6, fixture, ana).status == 200)
        #expect(try put("b", 3, fixture, .server).status == 200)
        let report = try fixture.api.storageReport()
        #expect(report.clients.map(\.owner) == [StorageOwner(.token, "ana")])
        #expect(report.clients.map(\.artifactBytes) == [6])
        #expect(report.server.artifactBytes == 9)
        let answer = try fixture.send("GET", "/api/apus/1.0/usage")
        #expect(answer.text.contains(#"{"kind":"token","name":"ana","artifact_bytes":6,"artifacts":1,"runs":0}"#))
    }

    private static let route = "/api/2.0/mlflow-artifacts/artifacts/"

    private func fixture(client: Int64? = nil, server: Int64? = nil) throws -> APIFixture {
        try APIFixture { settings, _ in settings.quotas = StorageQuotas(client: client, server: server, use: []) }
    }

    private func put(
        _ path: String,
        _ count: Int,
        _ fixture: APIFixture,
        _ caller: Caller,
        announced: Bool = true
    ) throws -> Reply {
        let body = String(repeating: "x", count: count)
        // The length of what a coding holds is not known beforehand.
        let headers = announced ? [:] : ["content-encoding": "gzip"]
        return try fixture.send("PUT", Self.route + path, body: body, headers: headers, from: caller)
    }

    private func write(_ count: Int, to part: MultipartPart) throws {
        try [UInt8](repeating: 1, count: count).withUnsafeBytes { try part.write($0) }
    }
}
