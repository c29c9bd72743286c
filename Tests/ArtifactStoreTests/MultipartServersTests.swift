import ArtifactStore
import Budgets
import Glibc
import Testing

/// Two servers that share a folder of artifacts, and between which a load balancer spreads the parts of an upload.
@Suite struct MultipartServersTests {
    private let store: TemporaryStore
    private let first: MultipartUploads
    private let second: MultipartUploads
    private static let hidden = ".apus-upload-multipart"

    init() throws {
        store = try TemporaryStore()
        first = MultipartUploads(root: store.root)
        second = MultipartUploads(root: ArtifactRoot(location: store.location))
    }

    private func send(_ text: String, as number: Int, to id: String, by server: MultipartUploads) throws -> ListedPart {
        let part = try server.beginPart(id, number: number, length: Int64(text.utf8.count))
        try write(text, to: part)
        return ListedPart(number: number, entityTag: try part.commit())
    }

    private func write(_ text: String, to part: MultipartPart) throws {
        try Array(text.utf8).withUnsafeBytes { try part.write($0) }
    }

    @Test(arguments: [[1, 2, 3, 4], [4, 3, 2, 1], [4, 1, 3, 2], [2, 4, 1, 3]])
    func `put the parts together wherever they have arrived`(order: [Int]) throws {
        let path = try ArtifactPath("0/run/artifacts/file")
        for (texts, name) in [(["aaaaa", "bbbbb", "ccccc", "dd"], "even"), (["a", "bbbb", "cc", "ddddd"], "uneven")] {
            for pattern in 0..<16 {
                let id = try first.create(path, partCount: 4).id
                var listed: [ListedPart] = []
                for number in order {
                    let server = pattern >> (number - 1) & 1 == 0 ? first : second
                    listed.append(try send(texts[number - 1], as: number, to: id, by: server))
                }
                let (last, other) = pattern % 2 == 0 ? (first, second) : (second, first)
                #expect(try last.complete(id, path, listed) != nil)
                #expect(try store.get(path.description) == texts.joined(), "\(name), pattern \(pattern)")
                // The client that misses the response asks another server.
                #expect(try other.complete(id, path, listed) == nil)
                #expect(throws: MultipartError.unknownUpload) { try send("x", as: 1, to: id, by: other) }
                #expect(store.names(in: "store/\(Self.hidden)/\(id)") == ["completion", "upload"])
            }
        }
    }

    @Test func `say what is missing of all parts together`() throws {
        let path = try ArtifactPath("file")
        let id = try first.create(path, partCount: 3).id
        let listed = [try send("aa", as: 1, to: id, by: first), try send("bb", as: 2, to: id, by: second)]
        for server in [first, second] {
            #expect(throws: MultipartError.missingPart(3, count: 1)) { try server.complete(id, path, listed) }
        }
    }

    @Test func `keep a part that is sent again elsewhere and breaks`() throws {
        let path = try ArtifactPath("file")
        let id = try first.create(path, partCount: 2).id
        let listed = [try send("aaaa", as: 1, to: id, by: first), try send("bb", as: 2, to: id, by: second)]
        for server in [first, second] {
            let broken = try server.beginPart(id, number: 1, length: 4)
            try write("xx", to: broken)
            broken.abort()
        }
        try second.complete(id, path, listed)
        #expect(try store.get("file") == "aaaabb")
    }

    @Test func `let the last sending of a part win`() throws {
        let path = try ArtifactPath("file")
        let id = try first.create(path, partCount: 2).id
        let last = try send("bb", as: 2, to: id, by: first)
        let versions = try [("aaaa", first), ("cccc", second), ("dddd", first), ("eeee", second)].map { text, server in
            try send(text, as: 1, to: id, by: server)
        }
        for old in versions.dropLast() {
            #expect(throws: MultipartError.changedPart(1)) { try first.complete(id, path, [old, last]) }
        }
        let newest = try #require(versions.last)
        try first.complete(id, path, [newest, last])
        #expect(try store.get("file") == "eeeebb")
    }

    @Test func `keep a connection to another server that is still writing out of the finished file`() throws {
        let path = try ArtifactPath("file")
        let id = try first.create(path, partCount: 2).id
        let slow = try first.beginPart(id, number: 1, length: 4)
        try write("xx", to: slow)
        let listed = [try send("aaaa", as: 1, to: id, by: second), try send("bb", as: 2, to: id, by: second)]
        try second.complete(id, path, listed)
        try write("xx", to: slow)
        #expect(throws: MultipartError.unknownUpload) { try slow.commit() }
        #expect(try store.get("file") == "aaaabb")
    }

    @Test func `agree on the offsets of parts that begin at the same time with different lengths`() throws {
        let path = try ArtifactPath("file")
        let id = try first.create(path, partCount: 4).id
        let parts = [
            (try first.beginPart(id, number: 3, length: 8), "cccccccc"),
            (try second.beginPart(id, number: 2, length: 3), "bbb"),
            (try second.beginPart(id, number: 1, length: 8), "aaaaaaaa"),
            (try first.beginPart(id, number: 4, length: 5), "ddddd"),
        ]
        for (part, text) in parts { try write(text, to: part) }
        let listed = try zip([3, 2, 1, 4], parts).map { number, part in
            ListedPart(number: number, entityTag: try part.0.commit())
        }
        try first.complete(id, path, listed)
        #expect(try store.get("file") == "aaaaaaaabbbccccccccddddd")
    }

    @Test func `end an upload that another server has aborted`() throws {
        let path = try ArtifactPath("file")
        let id = try first.create(path, partCount: 2).id
        let part = try send("aa", as: 1, to: id, by: second)
        let open = try second.beginPart(id, number: 2, length: 2)
        try write("bb", to: open)
        try first.abort(id, path)
        #expect(throws: MultipartError.unknownUpload) { try open.commit() }
        #expect(throws: MultipartError.unknownUpload) { try send("bb", as: 2, to: id, by: second) }
        #expect(throws: MultipartError.unknownUpload) { try second.complete(id, path, [part]) }
        #expect(store.names(in: "store/\(Self.hidden)").allSatisfy { $0 == "key" })
    }

    @Test func `spare uploads of a running server when another one starts`() throws {
        var limits = MultipartUploads.Limits()
        limits.lifetimeSeconds = 0
        let running = MultipartUploads(root: store.root, limits: limits)
        let path = try ArtifactPath("file")
        let id = try running.create(path, partCount: 1).id
        let busy = try running.beginPart(id, number: 1, length: 2)
        // A folder of which the record is not written yet.
        let beginning = String(repeating: "0", count: 32)
        try #require(mkdir("\(store.location)/\(Self.hidden)/\(beginning)", 0o700) == 0)
        let lasting = try first.create(path, partCount: 1).id
        let starting = MultipartUploads(root: ArtifactRoot(location: store.location))
        #expect(try starting.expiredCount() == 0)
        #expect(try starting.removeExpired() == 0)
        try write("ab", to: busy)
        _ = try busy.commit()
        #expect(try starting.removeExpired() == 1)
        let names = store.names(in: "store/\(Self.hidden)")
        #expect(names.contains(beginning) && names.contains(lasting) && !names.contains(id))
    }

    @Test func `count uploads no longer that another server has completed`() throws {
        var limits = MultipartUploads.Limits()
        limits.openUploads = Budget(total: 1)
        let small = MultipartUploads(root: store.root, limits: limits)
        let path = try ArtifactPath("file")
        for _ in 0..<3 {
            let id = try small.create(path, partCount: 1).id
            #expect(throws: MultipartError.tooManyUploads) { try small.create(path, partCount: 1) }
            try second.complete(id, path, [send("x", as: 1, to: id, by: second)])
        }
    }

    @Test func `store one whole file when both complete it at the same time`() async throws {
        let (first, second, store) = (first, second, store)
        for round in 0..<20 {
            let path = try ArtifactPath("file-\(round)")
            let id = try first.create(path, partCount: 4).id
            let listed = try await withThrowingTaskGroup(of: ListedPart.self) { group in
                for number in 1...4 {
                    group.addTask {
                        let part = try (number % 2 == 0 ? first : second).beginPart(id, number: number, length: 5_000)
                        try [UInt8](repeating: UInt8(96 + number), count: 5_000).withUnsafeBytes { try part.write($0) }
                        return ListedPart(number: number, entityTag: try part.commit())
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let stored = try await withThrowingTaskGroup(of: Bool.self) { group in
                for server in [first, second, first, second] {
                    group.addTask {
                        do {
                            return try server.complete(id, path, listed) != nil
                        } catch MultipartError.completing {
                            return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(stored == 1)
            let expected = "abcd".map { String(repeating: $0, count: 5_000) }.joined()
            #expect(try store.get("file-\(round)") == expected)
        }
    }
}
