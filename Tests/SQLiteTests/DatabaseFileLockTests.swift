import Glibc
import SQLite
import Testing

@Suite struct DatabaseFileLockTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func mode(_ name: String) -> mode_t? {
        var status = stat()
        return stat(folder.file(name), &status) == 0 ? status.st_mode & 0o777 : nil
    }

    @Test func `a second claim is refused without the lock file`() throws {
        let first = try DatabaseFileLock(databasePath: folder.file("test.db"))
        #expect(throws: OwnerLock.Failure.ownedElsewhere(pid: nil, path: folder.file("test.db"))) {
            try DatabaseFileLock(databasePath: folder.file("test.db"))
        }
        withExtendedLifetime(first) {}
    }

    @Test func `the files of a database are its owner's alone, also those that were there before`() throws {
        let before = try folder.connection()
        _ = try before.configureForWriting()
        _ = try before.firstInt64(of: "SELECT count(*) FROM rows")
        for name in ["test.db", "test.db-wal", "test.db-shm"] { try #require(chmod(folder.file(name), 0o644) == 0) }
        let claim = try DatabaseFileLock(databasePath: folder.file("test.db"))
        #expect(["test.db", "test.db-wal", "test.db-shm"].map(mode) == [0o600, 0o600, 0o600])
        withExtendedLifetime(claim) {}
        let new = try DatabaseFileLock(databasePath: folder.file("new.db"))
        let connection = try folder.connection("new.db")
        _ = try connection.configureForWriting()
        _ = try connection.firstInt64(of: "SELECT count(*) FROM rows")
        #expect(["new.db", "new.db-wal", "new.db-shm"].map(mode) == [0o600, 0o600, 0o600])
        withExtendedLifetime(new) {}
    }

    @Test func `a database that was deleted has no name left, one that was moved has`() throws {
        let claim = try DatabaseFileLock(databasePath: folder.file("test.db"))
        try #require(rename(folder.file("test.db"), folder.file("moved.db")) == 0)
        #expect(claim.isLinked)
        unlink(folder.file("moved.db"))
        #expect(!claim.isLinked)
    }

    @Test func `the lock file remembers that there was a store`() throws {
        let database = folder.file("test.db")
        for isKnown in [false, true, true] {
            let lock = try OwnerLock(databasePath: database)
            #expect(lock.expectsDatabase == isKnown)
            try lock.recordDatabase()
            lock.release()
        }
        #expect(try !OwnerLock(databasePath: database).previousOwnerCrashed)
    }
}
