import Glibc
import SQLite
import Testing

@Suite struct OwnerLockTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func `a second claim is refused with the owner's pid`() throws {
        let database = folder.file("apus.db")
        let first = try OwnerLock(databasePath: database)
        #expect(throws: OwnerLock.Failure.ownedElsewhere(pid: getpid(), path: first.path)) {
            try OwnerLock(databasePath: database)
        }
        withExtendedLifetime(first) {}
    }

    @Test func `a claim ends with its object`() throws {
        let database = folder.file("apus.db")
        for _ in 0..<3 {
            let lock = try OwnerLock(databasePath: database)
            #expect(lock.path.hasSuffix("/apus.db.lock"))
        }
    }

    @Test func `a pid that was left behind says that its owner was killed`() throws {
        let database = folder.file("apus.db")
        let file = open(database + ".lock", O_WRONLY | O_CREAT, 0o600)
        try #require(file >= 0 && write(file, "1234\n", 5) == 5)
        close(file)
        #expect(try OwnerLock(databasePath: database).previousOwnerCrashed)
        #expect(try !OwnerLock(databasePath: database).previousOwnerCrashed)
    }

    @Test func `whoever is refused can learn where the owner answers`() throws {
        let database = folder.file("apus.db")
        #expect(OwnerLock.owner(ofDatabase: database) == nil)
        let lock = try OwnerLock(databasePath: database)
        #expect(OwnerLock.owner(ofDatabase: database)?.pid == getpid())
        #expect(OwnerLock.owner(ofDatabase: database)?.address == nil)
        try lock.announce("http://127.0.0.1:5000/mlflow")
        let owner = try #require(OwnerLock.owner(ofDatabase: database))
        #expect(owner.pid == getpid())
        #expect(owner.address == "http://127.0.0.1:5000/mlflow")
        #expect(owner.isOnThisMachine)
        try lock.announce("")
        #expect(OwnerLock.owner(ofDatabase: database)?.address == nil)
        lock.release()
        #expect(OwnerLock.owner(ofDatabase: database) == nil)
    }

    @Test func `an owner tells its key to whoever may read its files, and to nobody else`() throws {
        let database = folder.file("apus.db")
        let lock = try OwnerLock(databasePath: database)
        try lock.recordDatabase()
        // A server of before may have left the file with another mode.
        try #require(chmod(lock.path, 0o644) == 0)
        try lock.announce("http://127.0.0.1:5000", key: "apus_secret")
        var status = stat()
        try #require(stat(lock.path, &status) == 0)
        #expect(status.st_mode & 0o077 == 0)
        #expect(OwnerLock.owner(ofDatabase: database)?.key == "apus_secret")
        #expect(OwnerLock.owner(ofDatabase: database)?.address == "http://127.0.0.1:5000")
        #expect(OwnerLock.owner(ofDatabase: database)?.requiresTokens == false)
        try lock.announce("http://127.0.0.1:5000", key: "apus_secret", requiresTokens: true)
        #expect(OwnerLock.owner(ofDatabase: database)?.key == "apus_secret")
        #expect(OwnerLock.owner(ofDatabase: database)?.requiresTokens == true)
        try lock.announce("")
        #expect(OwnerLock.owner(ofDatabase: database)?.key == nil)
        try lock.announce("http://127.0.0.1:5000")
        #expect(OwnerLock.owner(ofDatabase: database)?.key == nil)
        lock.release()
        #expect(try OwnerLock(databasePath: database).expectsDatabase)
    }

    @Test(arguments: ["17\nhttp://127.0.0.1:50", "17\nhttp://127.0.0.1:5000\nnode", "17\n", "17"])
    func `an address that is half written is none`(content: String) throws {
        try leaveLockFile(content)
        let owner = try #require(OwnerLock.owner(ofDatabase: folder.file("apus.db")))
        #expect(owner.pid == 17)
        #expect(owner.address == nil)
    }

    @Test func `an owner on another machine is told apart`() throws {
        try leaveLockFile("17\nhttp://127.0.0.1:5000\nno-such-machine\n")
        #expect(OwnerLock.owner(ofDatabase: folder.file("apus.db"))?.isOnThisMachine == false)
    }

    private func leaveLockFile(_ content: String) throws {
        let file = open(folder.file("apus.db.lock"), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let bytes = Array(content.utf8)
        try #require(file >= 0 && Glibc.write(file, bytes, bytes.count) == bytes.count)
        close(file)
    }

    @Test func `a link to a database has the same lock`() throws {
        let database = folder.file("apus.db")
        _ = try folder.connection("apus.db")
        try #require(symlink(database, folder.file("link.db")) == 0)
        let first = try OwnerLock(databasePath: database)
        #expect(throws: OwnerLock.Failure.self) { try OwnerLock(databasePath: folder.file("link.db")) }
        withExtendedLifetime(first) {}
    }

    @Test func `an absent folder is a failure of the system`() {
        let error = #expect(throws: OwnerLock.Failure.self) {
            try OwnerLock(databasePath: folder.file("absent/apus.db"))
        }
        guard case .system("open", ENOENT, _) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }
}
