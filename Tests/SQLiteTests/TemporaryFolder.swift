import Glibc
import SQLite
import Testing

/// A folder for one test, removed when this object is deallocated.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(root)/apus-sqlite-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        path = try #require(made)
    }

    deinit {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                // The entry ends with its name, so the whole array of 256 bytes must not be copied.
                let name = String(
                    cString: UnsafeRawPointer(entry).advanced(by: MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
                        .assumingMemoryBound(to: CChar.self)
                )
                unlink("\(path)/\(name)")
            }
            closedir(folder)
        }
        rmdir(path)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Opens a connection with a table `rows(id, text)`.
    func connection(_ name: String = "test.db") throws -> Connection {
        let connection = try Connection(path: file(name), mode: .readWriteCreate, busyTimeout: .zero)
        try connection.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT)")
        return connection
    }
}
