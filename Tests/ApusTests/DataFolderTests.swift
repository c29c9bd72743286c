import Glibc
import TestSupport
import Testing

@testable import apus

@Suite struct DataFolderTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        chmod(folder.path, 0o755)
    }

    private func add(_ names: String...) {
        for name in names { close(open(folder.file(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)) }
    }

    /// The permissions of the folder after a start whose database lies in it.
    private func permissions(workingDirectory: String = "/") -> mode_t {
        let data = DataFolder(path: folder.path, databasePath: folder.file("apus.db"))
        data.restrictModes(workingDirectory: workingDirectory)
        var status = stat()
        stat(folder.path, &status)
        return status.st_mode & 0o7777
    }

    @Test func `a folder with nothing but the files of Apus is closed to other users`() {
        add("apus.db", "apus.db-wal", "apus.db.lock")
        mkdir(folder.file("artifacts"), 0o755)
        #expect(permissions() == 0o700)
    }

    @Test func `a folder with another file keeps its permissions`() {
        add("apus.db", "notes.txt")
        #expect(permissions() == 0o755)
    }

    @Test func `the working directory and a folder with a sticky bit keep their permissions`() {
        add("apus.db")
        #expect(permissions(workingDirectory: folder.path) == 0o755)
        chmod(folder.path, 0o1777)
        #expect(permissions() == 0o1777)
    }
}
