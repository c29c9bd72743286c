import ArtifactStore
import Files
import Glibc
import Testing

/// A folder for one test, with a store root that does not exist yet and a file beside that root.
final class TemporaryStore: Sendable {
    let folder: String
    let root: ArtifactRoot
    var location: String { folder + "/store" }

    init(resolvesInOneCall: Bool = true) throws {
        var template = Array((temporaryFolder + "/apus-artifacts-XXXXXX").utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
        root = ArtifactRoot(location: folder + "/store", resolvesInOneCall: resolvesInOneCall)
    }

    deinit {
        removeTree(folder)
    }

    /// Writes a file through the store.
    func put(_ path: String, _ text: String) throws {
        let upload = try root.beginWrite(ArtifactPath(path))
        try upload.write(text)
        try upload.commit()
    }

    /// Reads a file through the store.
    func get(_ path: String) throws -> String {
        try root.open(ArtifactPath(path)).text()
    }

    /// Writes a file without the store; the path is relative to the test's folder.
    func plant(_ path: String, _ text: String) throws {
        let descriptor = open(folder + "/" + path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let written = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        try #require(written == text.utf8.count)
    }

    /// Creates a symbolic link without the store; the path is relative to the test's folder.
    func link(_ path: String, to target: String) throws {
        try #require(symlink(target, folder + "/" + path) == 0)
    }

    /// The names in a folder, including unfinished uploads.
    func names(in path: String = "store") -> [String] {
        guard let stream = opendir(folder + "/" + path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // The entry ends with its name, so the whole array of 256 bytes must not be copied.
            let name = String(
                cString: UnsafeRawPointer(entry).advanced(by: MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
                    .assumingMemoryBound(to: CChar.self)
            )
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The permission bits of a path relative to the test's folder.
    func mode(of path: String) throws -> mode_t {
        var status = stat()
        try #require(stat(folder + "/" + path, &status) == 0)
        return status.st_mode & 0o777
    }
}

extension ArtifactUpload {
    func write(_ text: String) throws {
        try Array(text.utf8).withUnsafeBytes { try write($0) }
    }
}

extension OpenArtifact {
    /// The whole content; the files of tests are small.
    func text() throws -> String {
        let descriptor = try #require(descriptor)
        var bytes = [UInt8](repeating: 0, count: Int(size))
        let count = bytes.withUnsafeMutableBytes { pread(descriptor.rawValue, $0.baseAddress, $0.count, 0) }
        try #require(count == bytes.count)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The umask, as proc(5) shows it: umask(2) tells it only by changing it, for all tests that run at the same time.
func maskOfProcess() throws -> mode_t {
    let status = try String(readingFile: "/proc/self/status")
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Umask:") })
    let digits = try #require(line.split(separator: "\t").last)
    return try #require(mode_t(digits, radix: 8))
}

private var temporaryFolder: String {
    guard let value = getenv("TMPDIR") else { return "/tmp" }
    return String(cString: value)
}

private func removeTree(_ path: String) {
    guard unlink(path) != 0, let stream = opendir(path) else { return }
    var children: [String] = []
    while let entry = readdir(stream) {
        // The entry ends with its name, so the whole array of 256 bytes must not be copied.
        let name = String(
            cString: UnsafeRawPointer(entry).advanced(by: MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
                .assumingMemoryBound(to: CChar.self)
        )
        if name != ".", name != ".." { children.append(path + "/" + name) }
    }
    closedir(stream)
    for child in children { removeTree(child) }
    rmdir(path)
}
