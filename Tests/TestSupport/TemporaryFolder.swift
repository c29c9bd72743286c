import Glibc

/// A folder for one test, removed with its content when this object is deallocated.
package final class TemporaryFolder: Sendable {
    /// Absolute, without a trailing slash.
    package let path: String

    /// Creates the folder in TMPDIR.
    package init() throws {
        let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(root)/apus-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        guard let made else { throw TestFailure("no temporary folder can be made beneath \(root)") }
        path = made
    }

    deinit {
        Self.remove(path)
    }

    /// Removes the folder with its content, for one that lives until the end of the process.
    package func removeNow() {
        Self.remove(path)
    }

    /// Removes a file, or a folder with its content; does not follow symbolic links.
    private static func remove(_ path: String) {
        guard Glibc.remove(path) != 0, errno == ENOTEMPTY else { return }
        for name in fileNames(inFolder: path) { remove("\(path)/\(name)") }
        Glibc.remove(path)
    }

    /// The path of a file in the folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// The names of the entries of a folder, without `.` and `..`; empty if the folder does not exist.
package func fileNames(inFolder path: String) -> [String] {
    guard let listing = opendir(path) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
        // The entry ends with its name, so the whole array of 256 bytes must not be copied.
        let name = String(
            cString: UnsafeRawPointer(entry).advanced(by: MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
                .assumingMemoryBound(to: CChar.self)
        )
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

/// All bytes of a file; empty if the file does not exist.
package func contents(ofFile path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return bytes }
        bytes.append(contentsOf: chunk[..<count])
    }
}

/// Replaces a file; false if it could not be written completely.
package func write(_ bytes: [UInt8], toFile path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count
}
