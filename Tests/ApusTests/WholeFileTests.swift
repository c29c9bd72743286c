import Glibc
import TestSupport
import Testing

@testable import apus

@Suite struct WholeFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func kind(_ name: String) -> mode_t? {
        var status = stat()
        return lstat(folder.file(name), &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    @Test func `a link stays a link, whether or not its file is there`() throws {
        for target in ["there", "absent"] {
            let link = folder.file("link to \(target)")
            try #require(symlink(target, link) == 0)
            if target == "there" { try WholeFile.write(Array("old".utf8), to: folder.file(target)) }
            try WholeFile.write(Array("new".utf8), to: link)
            #expect(kind("link to \(target)") == S_IFLNK)
            #expect(contents(ofFile: folder.file(target)) == Array("new".utf8))
            WholeFile.remove(link)
            #expect(kind(target) == nil && kind("link to \(target)") == S_IFLNK)
        }
    }

    @Test func `a pipe gets the bytes and stays a pipe`() throws {
        let path = folder.file("pipe")
        try #require(mkfifo(path, 0o600) == 0)
        #expect(throws: WholeFile.Fault.self) { try WholeFile.write([1], to: path) }
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        try WholeFile.write(Array("text".utf8), to: path)
        var bytes = [UInt8](repeating: 0, count: 9)
        #expect(read(reader, &bytes, bytes.count) == 4 && bytes.starts(with: "text".utf8))
        WholeFile.remove(path)
        #expect(kind("pipe") == S_IFIFO)
    }

    @Test func `nothing of a write that fails is left`() throws {
        #expect(throws: WholeFile.Fault.self) { try WholeFile.write([1], to: folder.path) }
        #expect(throws: WholeFile.Fault.self) { try WholeFile.write([1], to: folder.file("absent/file")) }
        #expect(FileKind(folder.path) == .folder)
    }
}
