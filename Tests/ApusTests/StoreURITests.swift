import TestSupport
import Testing

@testable import apus

@Suite struct StoreURITests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func store(_ text: String) throws -> StoreURI {
        try StoreURI(Setting(source: "--backend-store-uri", text: text), "/work place")
    }

    // The paths are those that SQLAlchemy opens for the reference.
    @Test(arguments: [
        ("sqlite:///a.db", "/work place/a.db"), ("sqlite:////tmp/x.db", "/tmp/x.db"),
        ("sqlite:///a.db?timeout=30", "/work place/a.db"), ("sqlite:///a.db?", "/work place/a.db"),
        ("sqlite:///./data//a.db", "/work place/data/a.db"), ("sqlite:///a%20b.db", "/work place/a b.db"),
        ("sqlite:///a.db#x", "/work place/a.db#x"), ("sqlite+pysqlite:///a.db", "/work place/a.db"),
        ("sqlite:///file:a.db?uri=true&mode=rwc", "/work place/a.db"),
        ("sqlite:///file:/tmp/a%2520b.db?mode=rwc&uri=true", "/tmp/a b.db"),
        ("sqlite:///file:///tmp/a.db?uri=true", "/tmp/a.db"), ("sqlite:///mlflow", "/work place/mlflow"),
        ("mlflow.db", "/work place/mlflow.db"), ("/tmp/mlflow.sqlite3", "/tmp/mlflow.sqlite3"),
        ("data.d/mlflow.db", "/work place/data.d/mlflow.db"),
    ])
    func `the file is that of the reference`(uri: String, path: String) throws {
        #expect(try store(uri).path == path)
    }

    @Test func `options of the Python driver are named and change nothing`() throws {
        let uri = "sqlite:///a.db?timeout=30&check_same_thread=false&isolation_level=DEFERRED&cache=shared"
        let store = try store(uri)
        #expect(store.path == "/work place/a.db")
        #expect(store.remarks.count == 4)
        for name in ["timeout", "check_same_thread", "isolation_level", "cache"] {
            #expect(store.remarks.contains { $0.contains(" \(name) ") && $0.contains("--backend-store-uri") })
        }
        #expect(try self.store("sqlite:///a.db?uri=true&mode=rwc").remarks.isEmpty)
    }

    @Test(arguments: [
        ("sqlite://", "in memory"), ("sqlite:///", "in memory"), ("sqlite:///:memory:", "in memory"),
        ("sqlite://?timeout=1", "in memory"), ("sqlite:///file::memory:?uri=true", "in memory"),
        ("sqlite:///file:x?uri=true&mode=memory&cache=shared", "in memory"),
        ("sqlite:///a.db?mode=ro&uri=true", "mode=ro"), ("sqlite:///a.db?immutable=1", "immutable=1"),
        ("sqlite:///a.db?vfs=unix-none", "vfs=unix-none"), ("sqlite:///a.db?nonsense", "nonsense"),
        ("sqlite:///a.db?uri=perhaps", "uri=perhaps"), ("sqlite:///file:a.db", "uri=true"),
        ("sqlite:///file://host/a.db?uri=true", "another machine"), ("sqlite:///a%zz.db", "%25"),
        ("sqlite://host/a.db", "three slashes"), ("sqlite:a.db", "three slashes"), ("sqlite:/a.db", "three slashes"),
        ("sqlite+aiosqlite:///a.db", "'aiosqlite'"), ("sqlite+pysqlcipher:///a.db", "'pysqlcipher'"),
        ("sqlite:////no/such/folder/a.db?mode=rw", "exists"), ("oracle://u:secret@h/db", "sqlite:///"),
        ("mysql+pymysql://u:secret@h/db", "sqlite:///"), ("mssql+pyodbc://h/db", "sqlite:///"),
        (" postgresql://u:secret@h/db", "quotes"), ("'postgresql://u:secret@h/db.x'", "quotes"),
        ("\"sqlite:///secret.db\"", "quotes"), ("://u:secret@h/db", "quotes"), ("FILE://u:secret@h/db", "quotes"),
        ("./mlruns", "--data-dir"), ("mlruns", "--data-dir"), ("/srv/mlruns/", "--data-dir"), (".", "--data-dir"),
        ("..", "--data-dir"), ("file:./mlruns", "--data-dir"), ("file:///srv/mlruns", "--data-dir"),
        ("file:///srv/x.db", "--data-dir"), ("databricks", "--data-dir"), ("", "--data-dir"),
    ])
    func `what cannot be opened is refused by name`(uri: String, named: String) throws {
        let message = try #require(refusal { try store(uri) })
        #expect(message.contains(named), "\(message)")
        #expect(message.contains("--backend-store-uri"), "\(message)")
        #expect(!message.contains("secret"), "\(message)")
    }

    @Test func `a folder is refused, by whatever form`() throws {
        for uri in [folder.path, "sqlite:///\(folder.path)", "file://\(folder.path)"] {
            #expect(refusal { try store(uri) }?.contains("--data-dir") == true)
        }
    }

    @Test func `a database without an extension is opened where it is`() throws {
        try #require(write([], toFile: folder.file("runs")))
        #expect(try store(folder.file("runs")).path == folder.file("runs"))
    }
}
