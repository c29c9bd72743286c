import Files
import Glibc
import Testing

@Suite struct FileStatusTests {
    /// Makes a file of its own for a test and removes it afterwards.
    private func withFile(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/apus-files-XXXXXX".utf8CString)
        let descriptor = Descriptor(owning: mkstemp(&template))
        #expect(descriptor.rawValue >= 0)
        let path = try #require(String(validating: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
        defer { unlink(path) }
        try body(path)
    }

    @Test func `finds nothing where there is no file`() {
        #expect(FileStatus(path: "/no/such/file") == nil)
        #expect(FileIdentity(path: "/no/such/file") == nil)
    }

    @Test func `knows a file by another name and tells another file at the same place`() throws {
        try withFile { path in
            let other = path + ".other"
            defer { unlink(other) }
            let identity = FileIdentity(path: path)
            #expect(identity != nil)
            #expect(symlink(path, other) == 0)
            #expect(FileIdentity(path: other) == identity)
            unlink(other)
            #expect(close(creat(other, 0o600)) == 0)
            #expect(FileIdentity(path: other) != identity)
        }
    }

    @Test func `changes with the content even when the time of modification is set back`() throws {
        try withFile { path in
            let before = try #require(FileStatus(path: path))
            #expect(truncate(path, 5) == 0)
            var times = [timespec(tv_sec: 1, tv_nsec: 2_000_000), timespec(tv_sec: 1, tv_nsec: 2_000_000)]
            #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
            let after = try #require(FileStatus(path: path))
            #expect(after.identity == before.identity)
            #expect(after.size == 5)
            #expect(after.modification.milliseconds == 1_002)
            #expect(after.change.seconds >= before.change.seconds)
            #expect(after != before)
        }
    }
}

@Suite struct DescriptorTests {
    @Test func `closes with its last owner`() throws {
        var template = Array("/tmp/apus-files-XXXXXX".utf8CString)
        var first: Descriptor? = Descriptor(owning: mkstemp(&template))
        defer { unlink(template) }
        var second = first
        let number = try #require(first?.rawValue)
        let file = try #require(identity(number))
        first = nil
        #expect(identity(number) == file)
        #expect(second?.rawValue == number)
        second = nil
        // Another test may have taken up the number meanwhile, but not for this file, whose name no other test knows.
        #expect(identity(number) != file)
    }

    @Test func `a placeholder is a descriptor that is open`() throws {
        let placeholder = try #require(Descriptor.placeholder())
        #expect(fcntl(placeholder.rawValue, F_GETFD) >= 0)
    }

    private func identity(_ descriptor: Int32) -> FileIdentity? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? FileStatus(status).identity : nil
    }
}
