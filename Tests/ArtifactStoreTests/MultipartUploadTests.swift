import ArtifactStore
import Budgets
import Glibc
import Testing

@Suite struct MultipartUploadTests {
    let store: TemporaryStore
    let uploads: MultipartUploads
    private static let hidden = ".apus-upload-multipart"

    init() throws {
        store = try TemporaryStore()
        uploads = MultipartUploads(root: store.root)
    }

    /// Sends a part in small pieces, with or without its length, and returns its ETag as the client lists it.
    private func send(
        _ text: String,
        as number: Int,
        to id: String,
        announced: Bool = true,
        by uploads: MultipartUploads? = nil
    ) throws -> ListedPart {
        let length = announced ? Int64(text.utf8.count) : nil
        let part = try (uploads ?? self.uploads).beginPart(id, number: number, length: length)
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            try bytes[start..<min(start + 3, bytes.count)].withUnsafeBytes { try part.write($0) }
        }
        return ListedPart(number: number, entityTag: try part.commit())
    }

    /// The files of one upload, without the key and the record of completed uploads.
    private func leftovers(_ id: String) -> [String] { store.names(in: "store/\(Self.hidden)/\(id)") }

    @Test(arguments: [[1, 2, 3, 4], [4, 3, 2, 1], [4, 1, 3, 2], [2, 4, 1, 3]])
    func `puts the parts together in whatever order they come`(order: [Int]) throws {
        let path = try ArtifactPath("0/run/artifacts/file")
        let texts = ["aaaaa", "bbbbb", "ccccc", "dd"]
        let id = try uploads.create(path, partCount: 4).id
        var listed: [ListedPart] = []
        for number in order { listed.append(try send(texts[number - 1], as: number, to: id)) }
        #expect(throws: ArtifactError.notFound) { try store.root.open(path) }
        #expect(try store.root.list(.root).isEmpty)
        #expect(try uploads.complete(id, path, listed)?.bytes == 17)
        #expect(try store.get(path.description) == texts.joined())
        #expect(leftovers(id) == ["completion", "upload"])
    }

    @Test(arguments: [true, false])
    func `takes parts of any lengths, announced or not`(announced: Bool) throws {
        let path = try ArtifactPath("file")
        let texts = ["a", "bbbbbbbb", "", "cccc", "ddddddddddddd"]
        let id = try uploads.create(path, partCount: 5).id
        var listed: [ListedPart] = []
        for number in [2, 4, 5, 1, 3] {
            listed.append(try send(texts[number - 1], as: number, to: id, announced: announced))
        }
        try uploads.complete(id, path, listed)
        #expect(try store.get("file") == texts.joined())
    }

    @Test func `makes an empty file of no parts and takes a single one`() throws {
        let none = try uploads.create(ArtifactPath("none"), partCount: 0).id
        #expect(throws: MultipartError.unknownPart(1)) { try uploads.beginPart(none, number: 1, length: 1) }
        #expect(try uploads.complete(none, ArtifactPath("none"), [])?.bytes == 0)
        #expect(try store.get("none").isEmpty)
        let one = try uploads.create(ArtifactPath("one"), partCount: 1).id
        let part = try send("whole", as: 1, to: one)
        try uploads.complete(one, ArtifactPath("one"), [part])
        #expect(try store.get("one") == "whole")
    }

    @Test func `lets the last sending of a part win and spares what had arrived from one that breaks`() throws {
        let path = try ArtifactPath("file")
        let id = try uploads.create(path, partCount: 2).id
        let old = try send("aaaa", as: 1, to: id)
        let second = try send("bb", as: 2, to: id)
        let broken = try uploads.beginPart(id, number: 1, length: 4)
        try Array("xx".utf8).withUnsafeBytes { try broken.write($0) }
        broken.abort()
        let new = try send("cccc", as: 1, to: id)
        let newest = try send("dddd", as: 1, to: id)
        #expect(throws: MultipartError.changedPart(1)) { try uploads.complete(id, path, [old, second]) }
        #expect(throws: MultipartError.changedPart(1)) { try uploads.complete(id, path, [new, second]) }
        try uploads.complete(id, path, [newest, second])
        #expect(try store.get("file") == "ddddbb")
    }

    @Test func `keeps a connection that is still writing out of the finished file`() throws {
        let path = try ArtifactPath("file")
        let id = try uploads.create(path, partCount: 2).id
        let slow = try uploads.beginPart(id, number: 1, length: 4)
        try Array("xx".utf8).withUnsafeBytes { try slow.write($0) }
        let listed = [try send("aaaa", as: 1, to: id), try send("bb", as: 2, to: id)]
        try uploads.complete(id, path, listed)
        try Array("xx".utf8).withUnsafeBytes { try slow.write($0) }
        #expect(throws: MultipartError.unknownUpload) { try slow.commit() }
        #expect(try store.get("file") == "aaaabb")
    }

    @Test func `says which part is missing, unlisted or unknown and goes on after it`() throws {
        let path = try ArtifactPath("file")
        let id = try uploads.create(path, partCount: 3).id
        #expect(throws: MultipartError.missingPart(1, count: 3)) { try uploads.complete(id, path, []) }
        let first = try send("aa", as: 1, to: id)
        let half = try uploads.beginPart(id, number: 2, length: 2)
        try Array("b".utf8).withUnsafeBytes { try half.write($0) }
        #expect(throws: MultipartError.missingPart(2, count: 2)) { try uploads.complete(id, path, [first]) }
        #expect(throws: MultipartError.wrongLength) { try half.commit() }
        let rest = [try send("bb", as: 2, to: id), try send("c", as: 3, to: id)]
        #expect(throws: MultipartError.unlistedPart(1)) { try uploads.complete(id, path, rest) }
        let stranger = ListedPart(number: 4, entityTag: "x")
        #expect(throws: MultipartError.unknownPart(4)) { try uploads.complete(id, path, [first, stranger] + rest) }
        #expect(throws: MultipartError.unknownPart(0)) { try uploads.beginPart(id, number: 0, length: 1) }
        try uploads.complete(id, path, rest.reversed() + [ListedPart(number: 1, entityTag: "W/" + first.entityTag)])
        #expect(try store.get("file") == "aabbc")
    }

    @Test func `completes again without a change and only at its own path`() throws {
        let path = try ArtifactPath("d/file")
        let id = try uploads.create(path, partCount: 1).id
        let listed = [try send("new", as: 1, to: id)]
        #expect(throws: MultipartError.unknownUpload) { try uploads.complete(id, ArtifactPath("d/other"), listed) }
        #expect(try uploads.complete(id, path, listed)?.bytes == 3)
        #expect(try uploads.complete(id, path, listed)?.bytes == nil)
        #expect(throws: MultipartError.unknownUpload) { try uploads.complete(id, ArtifactPath("d/other"), listed) }
        #expect(throws: MultipartError.unknownUpload) { try send("x", as: 1, to: id) }
        // The same holds after a restart.
        #expect(try MultipartUploads(root: store.root).complete(id, path, listed)?.bytes == nil)
        try uploads.abort(id, path)
        #expect(try store.get("d/file") == "new")
        #expect(store.names(in: "store/d") == ["file"])
    }

    @Test func `goes on in another process where it stood`() throws {
        let path = try ArtifactPath("file")
        let id = try uploads.create(path, partCount: 4).id
        var listed = [try send("dd", as: 4, to: id), try send("aaaa", as: 1, to: id)]
        let cut = try uploads.beginPart(id, number: 2, length: 4)
        try Array("xx".utf8).withUnsafeBytes { try cut.write($0) }
        let later = MultipartUploads(root: store.root)
        #expect(try later.removeExpired() == 0)
        #expect(throws: MultipartError.missingPart(2, count: 2)) { try later.complete(id, path, listed) }
        listed += [try send("cccc", as: 3, to: id, by: later), try send("bbbb", as: 2, to: id, by: later)]
        try later.complete(id, path, listed)
        #expect(try store.get("file") == "aaaabbbbccccdd")
        #expect(try later.signingKey() == uploads.signingKey())
    }

    @Test func `reads a journal whose last line was cut off`() throws {
        let path = try ArtifactPath("file")
        let id = try uploads.create(path, partCount: 2).id
        let first = try send("aa", as: 1, to: id)
        let journal = "\(Self.hidden)/\(id)/parts"
        let whole = try text(of: journal)
        try store.plant("store/" + journal, whole + "2 2 abc pla")
        let later = MultipartUploads(root: store.root)
        #expect(throws: MultipartError.missingPart(2, count: 1)) { try later.complete(id, path, [first]) }
        #expect(try later.complete(id, path, [first, send("bb", as: 2, to: id, by: later)])?.bytes == 4)
    }

    private func text(of path: String) throws -> String {
        let descriptor = open(store.location + "/" + path, O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }

    @Test func `removes what has come when it is aborted`() throws {
        let path = try ArtifactPath("file")
        let id = try uploads.create(path, partCount: 2).id
        let first = try send("aa", as: 1, to: id)
        let open = try uploads.beginPart(id, number: 2, length: nil)
        try uploads.abort(id, ArtifactPath("other"))
        #expect(leftovers(id).isEmpty == false)
        for _ in 0..<2 { try uploads.abort(id, path) }
        #expect(store.names(in: "store/\(Self.hidden)").allSatisfy { $0 != id })
        #expect(throws: MultipartError.unknownUpload) { try uploads.complete(id, path, [first]) }
        #expect(throws: MultipartError.unknownUpload) { try open.commit() }
        try uploads.abort("nothing", path)
        try uploads.abort("../../etc", path)
        #expect(throws: ArtifactError.notFound) { try store.root.open(path) }
    }

    @Test func `removes expired uploads and forgets completed ones in time`() throws {
        var limits = MultipartUploads.Limits()
        limits.lifetimeSeconds = 0
        limits.openUploads = Budget(total: 2)
        let short = MultipartUploads(root: store.root, limits: limits)
        let path = try ArtifactPath("file")
        let ids = [try short.create(path, partCount: 1).id, try short.create(path, partCount: 1).id]
        #expect(throws: MultipartError.tooManyUploads) { try short.create(path, partCount: 1) }
        let busy = try short.beginPart(ids[0], number: 1, length: 2)
        let lasting = try uploads.create(path, partCount: 1).id
        #expect(try short.removeExpired() == 1)
        #expect(leftovers(ids[1]).isEmpty && !leftovers(ids[0]).isEmpty && !leftovers(lasting).isEmpty)
        busy.abort()
        #expect(try short.removeExpired() == 1)
        try uploads.complete(lasting, path, [send("x", as: 1, to: lasting)])
        #expect(try short.removeExpired() == 0)
        limits.rememberedSeconds = 0
        #expect(try MultipartUploads(root: store.root, limits: limits).removeExpired() == 1)
        #expect(try uploads.removeExpired() == 0)
        #expect(try store.get("file") == "x")
        #expect(store.names(in: "store/\(Self.hidden)").isEmpty)
    }

    @Test func `is spared by the sweep of single uploads and by deletions around it`() throws {
        let path = try ArtifactPath("0/run/artifacts/file")
        try store.put("0/run/artifacts/other", "x")
        let id = try uploads.create(path, partCount: 1).id
        let listed = [try send("text", as: 1, to: id)]
        #expect(try ArtifactRoot(location: store.location).removeStaleUploads() == 0)
        try store.root.delete(ArtifactPath("0"))
        try uploads.complete(id, path, listed)
        #expect(try store.get(path.description) == "text")
    }

    @Test func `shares the space of an equal file where the root does`() throws {
        let root = ArtifactRoot(location: store.location, sharedContents: SharedContents { _ in ["single"] })
        let upload = try root.beginWrite(ArtifactPath("single"))
        try upload.write("aabbc")
        try upload.commit()
        let uploads = MultipartUploads(root: root)
        for (name, last, isShared) in [("equal", "c", true), ("other", "d", false)] {
            let path = try ArtifactPath(name)
            let id = try uploads.create(path, partCount: 3).id
            let listed = try [(1, "aa"), (2, "bb"), (3, last)].map { number, text in
                try send(text, as: number, to: id, by: uploads)
            }
            let stored = try #require(try uploads.complete(id, path, listed))
            #expect(stored.bytes == 5 && stored.isShared == isShared && stored.sha256 != nil)
            #expect(try store.get(name) == "aabb" + last)
            #expect(try uploads.complete(id, path, listed)?.bytes == nil)
            #expect(leftovers(id) == ["completion", "upload"])
        }
        #expect(store.names().filter { !$0.hasPrefix(".") } == ["equal", "other", "single"])
    }

    @Test func `cannot be reached by a path of a client`() throws {
        _ = try uploads.signingKey()
        #expect(throws: ArtifactError.invalidPath(.reservedName)) { try ArtifactPath("\(Self.hidden)/key") }
        #expect(try store.root.list(.root).isEmpty)
        #expect(try store.mode(of: "store/\(Self.hidden)") == 0o700)
        #expect(try store.mode(of: "store/\(Self.hidden)/key") == 0o600)
        #expect(try uploads.signingKey().count == 32)
    }

    @Test func `gives the finished file the mode that the umask leaves`() throws {
        let mask = try maskOfProcess()
        let path = try ArtifactPath("file")
        let id = try uploads.create(path, partCount: 1).id
        try uploads.complete(id, path, [send("x", as: 1, to: id)])
        #expect(try store.mode(of: "store/file") == 0o666 & ~mask)
    }

    @Test func `refuses a part above the limit and a path that names no file`() throws {
        var limits = MultipartUploads.Limits()
        limits.partBytes = 4
        let small = MultipartUploads(root: store.root, limits: limits)
        let id = try small.create(ArtifactPath("file"), partCount: 1).id
        #expect(throws: MultipartError.partTooLarge) { try small.beginPart(id, number: 1, length: 5) }
        #expect(throws: MultipartError.partTooLarge) { try send("aaaaa", as: 1, to: id, announced: false, by: small) }
        #expect(throws: ArtifactError.invalidPath(.trailingSlash)) {
            try small.create(ArtifactPath("file/"), partCount: 1)
        }
        #expect(throws: ArtifactError.invalidPath(.empty)) { try small.create(.root, partCount: 1) }
    }

    @Test func `stays open when a folder lies where the file should go`() throws {
        let path = try ArtifactPath("d")
        let id = try uploads.create(path, partCount: 1).id
        let listed = [try send("text", as: 1, to: id)]
        try store.put("d/file", "x")
        #expect(throws: ArtifactError.isDirectory) { try uploads.complete(id, path, listed) }
        try store.root.delete(path)
        try uploads.complete(id, path, listed)
        #expect(try store.get("d") == "text")
    }

    @Test func `leaves one whole file of many uploads to one path`() async throws {
        let store = store
        let uploads = uploads
        let path = try ArtifactPath("deep/er/a")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                group.addTask {
                    for _ in 0..<5 {
                        let id = try uploads.create(path, partCount: 4).id
                        var listed: [ListedPart] = []
                        for number in 1...4 {
                            let bytes = [UInt8](repeating: UInt8(48 + writer), count: 1_000)
                            let part = try uploads.beginPart(id, number: number, length: 1_000)
                            try bytes.withUnsafeBytes { try part.write($0) }
                            listed.append(ListedPart(number: number, entityTag: try part.commit()))
                        }
                        try uploads.complete(id, path, listed)
                    }
                }
            }
            try await group.waitForAll()
        }
        let content = try store.get("deep/er/a")
        #expect(content.utf8.count == 4_000 && Set(content.utf8).count == 1)
        #expect(store.names(in: "store/deep/er") == ["a"])
    }

    @Test func `takes parts of one upload from many threads`() async throws {
        let uploads = uploads
        let path = try ArtifactPath("a")
        let id = try uploads.create(path, partCount: 26).id
        let listed = try await withThrowingTaskGroup(of: ListedPart.self) { group in
            for number in 1...26 {
                group.addTask {
                    let bytes = [UInt8](repeating: UInt8(96 + number), count: number == 26 ? 7 : 5_000)
                    let part = try uploads.beginPart(id, number: number, length: Int64(bytes.count))
                    try bytes.withUnsafeBytes { try part.write($0) }
                    return ListedPart(number: number, entityTag: try part.commit())
                }
            }
            var listed: [ListedPart] = []
            for try await part in group { listed.append(part) }
            return listed
        }
        try uploads.complete(id, path, listed)
        let expected = (1...25).map { String(repeating: Character(Unicode.Scalar(UInt8(96 + $0))), count: 5_000) }
        #expect(try store.get("a") == expected.joined() + "zzzzzzz")
    }
}
