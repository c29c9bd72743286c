import Glibc
import SQLite
import Testing

/// Apus buffers writes to the WAL: other connections must still find in the file what SQLite wrote.
@Suite struct LogBufferTests {
    private let folder: TemporaryFolder
    private let writer: Connection

    init() throws {
        folder = try TemporaryFolder()
        writer = try folder.connection()
        #expect(try writer.configureForWriting() == .wal)
    }

    @Test func `a commit is in the files when it returns`() throws {
        for id in 0..<50 {
            // Text sizes around those of a page and of the buffer.
            let text = String(repeating: "x", count: [0, 3_000, 4_200, 70_000, 140_000][id % 5])
            try writer.execute("INSERT INTO rows VALUES (\(id), '\(text)')")
            // The copy of the files is what a power cut would leave.
            for suffix in ["", "-wal"] { try copy("test.db" + suffix, to: "copy\(id).db" + suffix) }
            let copy = try Connection(path: folder.file("copy\(id).db"), mode: .readWrite)
            #expect(try copy.firstInt64(of: "SELECT count(*) FROM rows") == Int64(id + 1))
            #expect(try copy.firstString(of: "PRAGMA integrity_check") == "ok")
            copy.close()
        }
    }

    @Test func `a reader sees each commit at once and nothing of an open transaction`() throws {
        let reader = try Connection(path: folder.file("test.db"), mode: .readOnly)
        for id in 0..<20 {
            try writer.execute("BEGIN; INSERT INTO rows VALUES (\(id), 'text')")
            #expect(try reader.firstInt64(of: "SELECT count(*) FROM rows") == Int64(id))
            try writer.execute("COMMIT")
            #expect(try reader.firstInt64(of: "SELECT count(*) FROM rows") == Int64(id + 1))
        }
    }

    @Test func `a transaction larger than the page cache is kept or undone as a whole`() throws {
        // With this small cache, SQLite writes pages to the WAL before the commit, and reads and writes them again.
        try writer.execute("PRAGMA cache_size = 10")
        let fill = """
            WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 3000)
            INSERT INTO rows SELECT n, hex(randomblob(100)) FROM number
            """
        try writer.execute("BEGIN; \(fill); UPDATE rows SET text = text || text; ROLLBACK")
        #expect(try writer.firstInt64(of: "SELECT count(*) FROM rows") == 0)
        try writer.execute("BEGIN; \(fill); UPDATE rows SET text = text || text; COMMIT")
        let reader = try Connection(path: folder.file("test.db"), mode: .readOnly)
        #expect(try reader.firstInt64(of: "SELECT count(*) FROM rows WHERE length(text) = 400") == 3_000)
        #expect(try reader.firstString(of: "PRAGMA integrity_check") == "ok")
        try writer.checkpoint(.passive)
        try writer.execute("UPDATE rows SET text = 'short'")
        #expect(try reader.firstInt64(of: "SELECT count(*) FROM rows WHERE text = 'short'") == 3_000)
        #expect(try reader.firstString(of: "PRAGMA integrity_check") == "ok")
    }

    @Test(arguments: [true, false])
    func `what a rolled back transaction wrote to the log does not reach what another connection commits`(
        isRolledBackByAnError: Bool
    ) throws {
        let other = try Connection(path: folder.file("test.db"), mode: .readWrite)
        try writer.execute("PRAGMA cache_size = 10")
        if isRolledBackByAnError { try writer.execute("PRAGMA max_page_count = 200") }
        for round in 0..<20 {
            let rows = isRolledBackByAnError ? 100_000 : 100 + 37 * round
            let fill = """
                WITH RECURSIVE number(n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM number WHERE n < 1000 + \(rows))
                INSERT INTO rows SELECT n, hex(randomblob(100)) FROM number
                """
            if isRolledBackByAnError {
                #expect(throws: SQLiteError.self) { try writer.execute("BEGIN; \(fill)") }
                writer.rollBackIfNeeded()
            } else {
                try writer.execute("BEGIN; \(fill); ROLLBACK")
            }
            try other.execute("INSERT INTO rows VALUES (\(2 * round), 'other')")
            try writer.execute("INSERT INTO rows VALUES (\(2 * round + 1), 'writer')")
            #expect(try other.firstInt64(of: "SELECT count(*) FROM rows") == Int64(2 * round + 2))
            #expect(try writer.firstString(of: "PRAGMA integrity_check") == "ok")
        }
        writer.close()
        #expect(try other.firstString(of: "PRAGMA integrity_check") == "ok")
        #expect(try other.firstInt64(of: "SELECT count(*) FROM rows") == 40)
    }

    @Test func `closing leaves a whole database and no log`() throws {
        try writer.execute("INSERT INTO rows VALUES (1, 'text')")
        writer.close()
        #expect(access(folder.file("test.db-wal"), F_OK) != 0)
        let reader = try Connection(path: folder.file("test.db"), mode: .readOnly)
        #expect(try reader.firstInt64(of: "SELECT count(*) FROM rows") == 1)
    }

    private func copy(_ name: String, to copy: String) throws {
        let source = open(folder.file(name), O_RDONLY)
        let target = open(folder.file(copy), O_CREAT | O_TRUNC | O_WRONLY, 0o600)
        defer {
            close(source)
            close(target)
        }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(source, &bytes, bytes.count)
            try #require(count >= 0)
            if count == 0 { return }
            try #require(write(target, bytes, count) == count)
        }
    }
}
