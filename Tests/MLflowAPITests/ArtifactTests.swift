import ArtifactStore
import Glibc
import JSON
import MLflowAPI
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct ArtifactTests {
    private static let route = "/api/2.0/mlflow-artifacts/artifacts"

    @Test func `an artifact comes back as it was sent and is listed`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let path = "0/\(runID)/artifacts/folder/a b.txt"
        let put = try fixture.send("PUT", "\(Self.route)/\(path)", body: "hello")
        #expect(put.status == 200 && put.bytes.isEmpty && put.header("Content-Type") == nil)
        #expect(try fixture.send("PUT", "\(Self.route)/0/\(runID)/artifacts/empty", body: "").status == 200)
        let get = try fixture.send("GET", "\(Self.route)/\(path)")
        #expect(get.status == 200 && get.text == "hello")
        #expect(get.header("Content-Type")?.hasPrefix("text/plain") == true)
        #expect(get.header("Content-Disposition") == "attachment; filename=\"a b.txt\"")
        let uri = "mlflow-artifacts:/0/\(runID)/artifacts"
        #expect(
            try fixture.get("artifacts/list", [("run_id", runID)]).text
                == #"{"root_uri":"\#(uri)","files":[{"path":"empty","is_dir":false},{"path":"folder","is_dir":true}]}"#
        )
        #expect(
            try fixture.get("artifacts/list", [("run_uuid", runID), ("path", "folder")]).text
                == #"{"root_uri":"\#(uri)","files":[{"path":"folder/a b.txt","is_dir":false,"file_size":5}]}"#
        )
        #expect(
            try fixture.get("artifacts/list", [("run_id", runID), ("path", "x")]).text == #"{"root_uri":"\#(uri)"}"#
        )
        let proxied = try fixture.send("GET", Self.route, query: [("path", "0/\(runID)/artifacts/folder")])
        #expect(proxied.text == #"{"files":[{"path":"a b.txt","is_dir":false,"file_size":5}]}"#)
        let byRun = try fixture.send("GET", "/get-artifact", query: [("run_id", runID), ("path", "folder/a b.txt")])
        #expect(byRun.text == "hello")
        for _ in 0..<2 { #expect(try fixture.send("DELETE", "\(Self.route)/\(path)").text == "{}") }
        #expect(
            try fixture.send("GET", "\(Self.route)/\(path)").error
                == "404 RESOURCE_DOES_NOT_EXIST No such artifact: '\(path)'"
        )
        #expect(try fixture.send("GET", Self.route, query: [("path", "nothing")]).text == "{}")
    }

    @Test(
        arguments: [
            (nil, 200, "0123456789", nil), ("bytes=0-0", 206, "0", "bytes 0-0/10"),
            ("bytes=2-4", 206, "234", "bytes 2-4/10"),
            ("bytes=7-", 206, "789", "bytes 7-9/10"), ("bytes=-3", 206, "789", "bytes 7-9/10"),
            ("bytes=8-99", 206, "89", "bytes 8-9/10"), ("bytes=-99", 206, "0123456789", "bytes 0-9/10"),
            ("bytes=10-", 416, "", "bytes */10"), ("bytes=-0", 416, "", "bytes */10"),
            ("bytes=4-2", 200, "0123456789", nil), ("bytes=0-1,3-4", 200, "0123456789", nil),
            ("lines=0-1", 200, "0123456789", nil), ("bytes=a-b", 200, "0123456789", nil),
            ("bytes=-", 200, "0123456789", nil),
            ("bytes=0-99999999999999999999", 206, "0123456789", "bytes 0-9/10"),
            ("Bytes=0-1", 206, "01", "bytes 0-1/10"),
            ("bytes=9223372036854775807-9223372036854775807", 416, "", "bytes */10"),
            ("bytes=0-9223372036854775807", 206, "0123456789", "bytes 0-9/10"),
        ] as [(String?, Int, String, String?)]
    )
    func `a range is sent, refused or ignored`(field: String?, status: Int, text: String, range: String?) throws {
        let fixture = try APIFixture()
        #expect(try fixture.send("PUT", "\(Self.route)/digits", body: "0123456789").status == 200)
        let headers = field.map { ["range": $0] } ?? [:]
        let reply = try fixture.send("GET", "\(Self.route)/digits", headers: headers)
        #expect(reply.status == status && reply.text == text && reply.header("Content-Range") == range)
    }

    @Test func `an unchanged artifact is not sent again and a changed one is`() throws {
        let fixture = try APIFixture()
        _ = try fixture.send("PUT", "\(Self.route)/file", body: "one")
        let tag = try #require(try fixture.send("GET", "\(Self.route)/file").header("ETag"))
        for known in [tag, "*", "\"x\", \(tag)"] {
            let reply = try fixture.send("GET", "\(Self.route)/file", headers: ["if-none-match": known])
            #expect(reply.status == 304 && reply.bytes.isEmpty && reply.header("ETag") == tag)
        }
        let ranged = ["range": "bytes=0-0", "if-range": tag]
        #expect(try fixture.send("GET", "\(Self.route)/file", headers: ranged).status == 206)
        _ = try fixture.send("PUT", "\(Self.route)/file", body: "two")
        let changed = try fixture.send("GET", "\(Self.route)/file", headers: ["if-none-match": tag])
        #expect(changed.status == 200 && changed.text == "two")
        let whole = try fixture.send("GET", "\(Self.route)/file", headers: ranged)
        #expect(whole.status == 200 && whole.text == "two")
    }

    @Test(
        arguments: [
            "..", "../x", "a/../b", "a/..", "/etc/passwd", "//etc/passwd", "//..", "\\b", "..\\x", "a\\..\\b",
            "C:/x", "C:", "file:x", "FILE:///etc", "./..", "a//../b", ".apus-upload-1", "a#b", "....//x", ".",
            "a/./b", "a//b", "%2e%2e/x", "s3://b/x", String(repeating: "n", count: 256),
        ]
    )
    func `a path that could leave the root is refused on every route`(path: String) throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let asked = [("run_id", runID), ("run_uuid", runID), ("path", path)]
        let replies = [
            try fixture.send("GET", "\(Self.route)/\(path)"),
            try fixture.send("PUT", "\(Self.route)/\(path)", body: "x"),
            try fixture.send("DELETE", "\(Self.route)/\(path)"),
            try fixture.send("GET", Self.route, query: [("path", path)]), try fixture.get("artifacts/list", asked),
            try fixture.send("GET", "/get-artifact", query: asked),
            try fixture.send("POST", "/ajax-api/2.0/mlflow/upload-artifact", query: asked, body: "x"),
            try fixture.send("GET", "/model-versions/get-artifact", query: asked),
            try fixture.send("GET", "/api/2.0/mlflow-artifacts/presigned/\(path)"),
        ]
        for reply in replies {
            #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE Invalid path"), "\(reply.error)")
        }
        // No file was written, neither in the store nor outside it.
        let beside = Set(fileNames(inFolder: fixture.stored.folder.path))
        #expect(beside.isSubset(of: ["apus.db", "apus.db-wal", "apus.db-shm", "apus.db.lock", "artifacts"]))
        #expect(fileNames(inFolder: fixture.stored.folder.file("artifacts")).isEmpty)
    }

    @Test func `an escape that was decoded once is a name like any other`() throws {
        let fixture = try APIFixture()
        for name in ["100%.txt", "%41", "a%2fx", "a;b?c", "a.", " a", "a ", "a\\b", "a\u{1}b", "...", "..;x"] {
            #expect(try fixture.send("PUT", "\(Self.route)/\(name)", body: name).status == 200)
            #expect(try fixture.send("GET", "\(Self.route)/\(name)").text == name)
        }
    }

    @Test func `a folder is no file and a path needs a file name`() throws {
        let fixture = try APIFixture()
        _ = try fixture.send("PUT", "\(Self.route)/folder/file", body: "x")
        let refused = [
            try fixture.send("GET", "\(Self.route)/folder"), try fixture.send("PUT", "\(Self.route)/folder", body: "x"),
            try fixture.send("PUT", "\(Self.route)/folder/", body: "x"),
            try fixture.send("PUT", "\(Self.route)/folder/file/below", body: "x"),
        ]
        for reply in refused { #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE "), "\(reply.error)") }
        #expect(refused[0].error.hasSuffix("Artifact path refers to a directory, not a file: 'folder'"))
        #expect(try fixture.send("GET", "\(Self.route)/folder/file").text == "x")
    }

    @Test func `a slash at the end names a folder, and a path without a name is refused`() throws {
        let fixture = try APIFixture()
        _ = try fixture.send("PUT", "\(Self.route)/folder/file", body: "x")
        #expect(try fixture.send("DELETE", "\(Self.route)/folder/file/").text == "{}")
        #expect(try fixture.send("GET", "\(Self.route)/folder/file").text == "x")
        for method in ["GET", "PUT", "DELETE"] {
            let reply = try fixture.send(method, "\(Self.route)/", body: method == "PUT" ? "x" : "")
            #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE Invalid path"), "\(reply.error)")
        }
        #expect(try fixture.send("DELETE", "\(Self.route)/folder/").text == "{}")
        #expect(try fixture.send("GET", Self.route).text == "{}")
    }

    @Test func `an empty run id leaves the choice to the old name`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        _ = try fixture.send("PUT", "\(Self.route)/0/\(runID)/artifacts/f", body: "x")
        let query = [("run_id", ""), ("run_uuid", runID), ("path", "f")]
        #expect(try fixture.send("GET", "/get-artifact", query: query).text == "x")
    }

    @Test func `storage that fails is told apart from a bad request and never retried`() throws {
        let fixture = try APIFixture()
        let file = open(fixture.stored.folder.file("artifacts"), O_WRONLY | O_CREAT, 0o600)
        try #require(file >= 0 && close(file) == 0)
        let replies = [
            try fixture.send("PUT", "\(Self.route)/a", body: "x"), try fixture.send("GET", "\(Self.route)/a"),
            try fixture.send("DELETE", "\(Self.route)/a"), try fixture.send("GET", Self.route),
        ]
        for reply in replies {
            #expect(reply.error.hasPrefix("507 RESOURCE_LIMIT_EXCEEDED "), "\(reply.error)")
            #expect(reply.error.contains("--artifacts-destination"))
        }
        #expect(!fixture.failures.all.isEmpty)
    }

    @Test func `an upload by run id says what it needs`() throws {
        let fixture = try APIFixture()
        let runID = try fixture.createRun()
        let cases: [(query: [(String, String)], body: String, expected: String)] = [
            ([], "x", "400 INVALID_PARAMETER_VALUE Request must specify run_uuid."),
            ([("run_uuid", runID)], "x", "400 INVALID_PARAMETER_VALUE Request must specify path."),
            ([("run_uuid", runID), ("path", "f")], "", "400 INVALID_PARAMETER_VALUE Request must specify data."),
            (
                [("run_uuid", runID), ("path", "f")], String(repeating: "x", count: 10_485_761),
                "400 INVALID_PARAMETER_VALUE Artifact size is too large. Max size is 10MB."
            ),
            (
                [("run_uuid", "nothing"), ("path", "f")], "x",
                "404 RESOURCE_DOES_NOT_EXIST Run with id=nothing not found"
            ),
        ]
        for (query, body, expected) in cases {
            let reply = try fixture.send("POST", "/ajax-api/2.0/mlflow/upload-artifact", query: query, body: body)
            #expect(reply.error == expected)
        }
        #expect(try fixture.get("artifacts/list", [("run_id", runID)]).text.contains("files") == false)
        for name in ["run_uuid", "run_id"] {
            let query = [(name, runID), ("path", name)]
            let stored = try fixture.send("POST", "/ajax-api/2.0/mlflow/upload-artifact", query: query, body: "data")
            #expect(stored.status == 200 && stored.bytes.isEmpty)
            #expect(stored.header("Content-Type") == "application/json")
            #expect(try fixture.send("GET", "/get-artifact", query: query).text == "data")
        }
    }
}

@Suite struct ServedFolderTests {
    /// The artifact location of an experiment, and the error for listing it; ROOT is the server's artifact folder.
    @Test(
        arguments: [
            ("ROOT", "200"), ("ROOT/deep/er", "200"), ("file://ROOT/x", "200"), ("file:ROOT/x", "200"),
            ("file://localhostROOT/x", "200"), ("ROOTx", "400"), ("ROOT/../other", "400"), ("/etc", "400"),
            ("file:///etc", "400"), ("file://ROOT/%2e%2e/other", "400"), ("file://ROOT/%zz", "400"),
            ("file://host/ROOT", "400"), ("s3://bucket/x", "400"), ("mlflow-artifacts://host/x", "400"),
            ("https://host:1/prefix/api/2.0/mlflow-artifacts/artifacts/0/x", "200"), ("http://host/0/x", "400"),
            ("http://host/api/2.0/mlflow-artifacts/artifacts/../x", "400"),
            ("mlflow-artifacts:/0/x", "200"), ("mlflow-artifacts:/../x", "400"), ("relative/x", "400"),
        ]
    )
    func `a local location is opened only beneath a root of the operator`(location: String, status: String) throws {
        let fixture = try APIFixture { settings, folder in
            let path = folder.file("root")
            settings.artifactRoots = [
                MLflowAPI.LocalArtifactRoot(path: path, store: ArtifactRoot(location: path))
            ]
        }
        let resolved = location.replacing("ROOT", with: fixture.stored.folder.file("root"))
        // Bypasses the rules of the route, because an older server may have stored any location.
        let id = try fixture.stored.write {
            try $0.createExperiment(name: "e", artifactLocation: resolved, tags: [])
        }
        let runID = try fixture.createRun(in: String(id))
        let list = try fixture.get("artifacts/list", [("run_id", runID)])
        #expect(list.error.hasPrefix(status), "\(list.error)")
        let query = [("run_id", runID), ("run_uuid", runID), ("path", "f")]
        let upload = try fixture.send("POST", "/ajax-api/2.0/mlflow/upload-artifact", query: query, body: "x")
        let get = try fixture.send("GET", "/get-artifact", query: query)
        #expect(upload.error.hasPrefix(status) && get.error.hasPrefix(status), "\(upload.error) \(get.error)")
        if status == "400" {
            #expect(list.error.hasPrefix("400 INVALID_PARAMETER_VALUE "))
        } else {
            #expect(get.text == "x")
        }
    }

    @Test func `a location that is not served names the flag that would serve it`() throws {
        let fixture = try APIFixture()
        let id = try fixture.stored.write { try $0.createExperiment(name: "e", artifactLocation: "/data", tags: []) }
        let runID = try fixture.createRun(in: String(id))
        let reply = try fixture.get("artifacts/list", [("run_id", runID)])
        #expect(reply.error.contains("--default-artifact-root") && reply.error.contains("'/data/\(runID)/artifacts'"))
    }

    @Test func `a server that serves no artifacts says so and keeps the rest`() throws {
        let fixture = try APIFixture { settings, _ in settings.servesArtifacts = false }
        let runID = try fixture.createRun()
        let route = "/api/2.0/mlflow-artifacts/artifacts"
        let replies = [
            try fixture.send("GET", "\(route)/x"), try fixture.send("PUT", "\(route)/x", body: "x"),
            try fixture.send("DELETE", "\(route)/x"), try fixture.send("GET", route),
            try fixture.get("artifacts/list", [("run_id", runID)]),
        ]
        for reply in replies { #expect(reply.error.hasPrefix("501 NOT_IMPLEMENTED ")) }
        #expect(try fixture.get("runs/get", [("run_id", runID)]).status == 200)
    }
}
