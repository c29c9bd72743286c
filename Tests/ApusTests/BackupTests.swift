import Glibc
import TestSupport
import Testing

@testable import apus

@Suite struct BackupManifestTests {
    private let manifest: BackupManifest

    init() {
        var manifest = BackupManifest(created: 1_764_300_000_000)
        manifest.files["apus.db"] = BackupManifest.Entry(size: 4_096, sha256: "aa")
        let entry = BackupManifest.Entry(size: 0, sha256: "bb", time: 1_764_300_000_000_000_001)
        manifest.files["artifacts/0/\"é\"/a\nb"] = entry
        self.manifest = manifest
    }

    @Test func `a manifest is read as it was written`() throws {
        #expect(try BackupManifest(manifest.text, of: "place") == manifest)
    }

    @Test func `one that lost its end or was changed anywhere is refused`() {
        let text = manifest.text
        for length in text.indices {
            #expect(throws: StartFailure.self) { try BackupManifest(Array(text[..<length]), of: "place") }
        }
        for index in text.indices {
            var changed = text
            changed[index] ^= 1
            #expect(throws: StartFailure.self) { try BackupManifest(changed, of: "place") }
        }
    }

    @Test func `one of a later version is refused as such, also when its end is another one`() {
        let text = Array(#"{"format":"apus-backup","version":3,"apus":"9.9.9"}"#.utf8) + Array("\nanother form\n".utf8)
        #expect(throws: BackupManifest.LaterVersion.self) { try BackupManifest(text, of: "place") }
    }

    @Test(arguments: [0, 951_782_399_999, 1_764_300_000_123, 4_951_137_300_123])
    func `the name of a generation tells its time`(time: Int64) {
        #expect(BackupFolder.time(ofName: BackupFolder.name(at: time)) == time)
        #expect(BackupFolder.time(ofName: "yesterday") == nil)
    }

    @Test(arguments: ["/etc/passwd", "artifacts/../apus.db", "artifacts", "artifacts//a", "other/a", "artifacts/./a"])
    func `one that names a file elsewhere is refused`(path: String) {
        var manifest = manifest
        manifest.files[path] = BackupManifest.Entry(size: 1, sha256: "cc")
        #expect(throws: StartFailure.self) { try BackupManifest(manifest.text, of: "place") }
    }

    @Test func `one without a database is refused`() {
        var manifest = manifest
        manifest.files["apus.db"] = nil
        #expect(throws: StartFailure.self) { try BackupManifest(manifest.text, of: "place") }
    }
}

@Suite struct DiskTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test(arguments: [true, false])
    func `a placed file has the content and the time of its source`(mayLink: Bool) throws {
        let (source, target) = (folder.file("a"), folder.file("b"))
        try Disk.write(Array("content".utf8), to: source)
        let way = try Disk.linkOrCopy(source, at: target, mayLink: mayLink)
        #expect(way != nil && (mayLink || way == .copied))
        #expect(try Disk.contents(target) == Array("content".utf8))
        var (first, second) = (stat(), stat())
        #expect(stat(source, &first) == 0 && stat(target, &second) == 0)
        #expect(first.st_mtim.tv_sec == second.st_mtim.tv_sec && first.st_mtim.tv_nsec == second.st_mtim.tv_nsec)
        if !mayLink { #expect(first.st_ino != second.st_ino) }
        #expect(try Disk.linkOrCopy(folder.file("absent"), at: folder.file("c"), mayLink: mayLink) == nil)
    }

    @Test func `a walk finds files in the order of their paths, and no links`() throws {
        let top = folder.file("top")
        try Disk.makeFolders(top + "/x/y")
        for name in ["b", "x/y/a", "x/left"] { try Disk.write([], to: top + "/" + name) }
        #expect(symlink("/etc", top + "/link") == 0)
        var (files, others): ([String], [String]) = ([], [])
        try Disk.walk(top, leavingOut: { $0 == "left" }, other: { others.append($0) }) { path, _ in files.append(path) }
        #expect(files == ["b", "x/y/a"] && others == ["link"])
        try Disk.walk(folder.file("absent")) { _, _ in Issue.record("there is nothing") }
        try Disk.remove(top)
        #expect(FileKind(top) == .absent && FileKind("/etc") == .folder)
    }

    @Test func `generations sort by their time`() {
        let times: [Int64] = [0, 999, 1_000, 1_764_300_000_001, 1_764_300_000_010, 4_102_444_800_000]
        let names = times.map { BackupFolder.name(at: $0) }
        #expect(names == names.sorted())
        #expect(names[3] == "2025-11-28T03.20.00.001Z")
    }
}
