import Glibc
import TestSupport
import Testing

@testable import apus

@Suite struct StoragePathsTests {
    private let folder: TemporaryFolder
    private var database: String { folder.path + "/data/apus.db" }

    init() throws {
        folder = try TemporaryFolder()
        mkdir(folder.path + "/data", 0o700)
    }

    private func check(_ path: String?) throws {
        try StoragePaths.requireApart(databasePath: database, artifacts: [(flag: "--a", path: path)])
    }

    @Test func `artifacts beside the database or elsewhere are fine`() {
        for path in [nil, folder.path + "/data/artifacts", folder.path + "/other", folder.path + "/data/apus.db2"] {
            #expect(refusal { try check(path) } == nil)
        }
    }

    @Test(arguments: [
        "", "/data", "/data/", "/data/apus.db", "/data/apus.db-wal", "/data/apus.db.lock/x", "/data/x/..",
    ])
    func `artifacts that would contain the database or its files are refused by the flag`(path: String) {
        #expect(refusal { try check(folder.path + path) }?.contains("--a") == true)
    }

    @Test func `a link to the folder of the database is seen through`() {
        symlink(folder.path + "/data", folder.path + "/link")
        #expect(refusal { try check(folder.path + "/link") } != nil)
        #expect(refusal { try check(folder.path + "/link/artifacts") } == nil)
    }
}
