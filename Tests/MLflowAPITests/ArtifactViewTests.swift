import Glibc
import JSON
import MLflowAPI
import TestSupport
import Testing
import TrackingStore

@Suite struct ArtifactViewTests {
    private static let view = "/api/apus/1.0/runs/artifacts/"

    let fixture: APIFixture

    init() throws {
        fixture = try APIFixture()
    }

    private func put(_ run: String, _ path: String, _ body: String) throws {
        let whole = "/api/2.0/mlflow-artifacts/artifacts/0/\(run)/artifacts/\(path)"
        #expect(try fixture.send("PUT", whole, body: body).status == 200)
    }

    private func get(_ view: String, _ query: [(String, String)]) throws -> Reply {
        try fixture.send("GET", Self.view + view, query: query)
    }

    @Test func `the tree is one list with sizes and times`() throws {
        let run = try fixture.createRun()
        try put(run, "a/b.txt", "hello")
        try put(run, "a.txt", "")
        let reply = try get("tree", [("run_id", run)])
        #expect(reply.status == 200 && reply.header("Content-Type") == "application/json")
        #expect(try reply.member("run_id").string == run)
        #expect(try reply.member("root_uri").string == "mlflow-artifacts:/0/\(run)/artifacts")
        let files = try reply.member("files").elements
        #expect(files.map { $0["path"]?.string } == ["a", "a.txt", "a/b.txt"])
        #expect(files.map { $0["file_size"]?.canonicalText } == [nil, "0", "5"])
        #expect(files.map { $0["is_dir"]?.canonicalText } == ["true", "false", "false"])
        #expect(files.allSatisfy { ($0["modification_time"]?.canonicalText.utf8.count ?? 0) == 13 })
        #expect(try reply.member("file_count").canonicalText == "2")
        #expect(try reply.member("total_bytes").canonicalText == "5")
        #expect(!reply.text.contains("next_page_token"))
        #expect(
            try get("tree", [("run_id", run), ("path", "a")]).text.contains(#""files":[{"path":"a/b.txt","is_dir":f"#)
        )
        #expect(
            try fixture.send("GET", "/ajax-api/apus/1.0/runs/artifacts/tree", query: [("run_id", run)]).text
                == reply.text
        )
    }

    @Test func `the tree comes in pages where there is too much of it`() throws {
        let run = try fixture.createRun()
        let names = ["a/x", "a/y", "b", "c/d/e"]
        for name in names { try put(run, name, "x") }
        var seen: [String] = []
        var token: String?
        for _ in 0..<7 {
            let page = [("run_id", run), ("max_results", "2")] + (token.map { [("page_token", $0)] } ?? [])
            let reply = try get("tree", page)
            seen += try reply.member("files").elements.compactMap { $0["path"]?.string }
            token = reply.text.contains("next_page_token") ? try reply.member("next_page_token").string : nil
            if token == nil { break }
        }
        #expect(seen == ["a", "a/x", "a/y", "b", "c", "c/d", "c/d/e"])
        for bad in ["0", "-1", "100001", "x"] {
            #expect(try get("tree", [("run_id", run), ("max_results", bad)]).status == 400)
        }
    }

    @Test func `a long tree is streamed`() throws {
        let run = try fixture.createRun()
        for number in 0..<1_200 { try put(run, "folder/file-\(number)-with-a-name", "x") }
        let reply = try get("tree", [("run_id", run)])
        #expect(reply.pieces > 1)
        #expect(Array(try reply.member("files").elements).count == 1_201)
    }

    @Test func `the archive is a download`() throws {
        let run = try fixture.createRun()
        try put(run, "損/b.txt", "hello")
        let reply = try get("zip", [("run_id", run)])
        #expect(reply.status == 200 && reply.bytes.starts(with: [0x50, 0x4B, 3, 4]))
        #expect(reply.header("Content-Type") == "application/zip")
        #expect(reply.header("Content-Disposition") == "attachment; filename=fresh.zip")
        #expect(reply.header("Content-Security-Policy") == "sandbox; default-src 'none'")
        #expect(
            try get("zip", [("run_id", run), ("path", "損")]).header("Content-Disposition")
                == "attachment; filename=fresh-.zip; filename*=UTF-8''fresh-%E6%90%8D.zip"
        )
        _ = try fixture.post("runs/update", #"{"run_id":"\#(run)","run_name":"../a:b\\\"c\u0001"}"#)
        #expect(
            try get("zip", [("run_id", run)]).header("Content-Disposition") == "attachment; filename=.._a_b__c_.zip"
        )
    }

    @Test func `runs are compared path by path`() throws {
        let runs = try (0..<2).map { _ in try fixture.createRun() }
        for run in runs { try put(run, "same.txt", "hello") }
        try put(runs[0], "changed.txt", "one")
        try put(runs[1], "changed.txt", "two")
        try put(runs[1], "only.txt", "x")
        let reply = try get("compare", [("run_ids", runs.joined(separator: ","))])
        let (first, second) = (runs[0], runs[1])
        let one = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
        let two = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
        let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        #expect(
            reply.text == #"{"run_ids":["\#(first)","\#(second)"],"files":["#
                + #"{"path":"changed.txt","state":"changed","runs":[{"run_id":"\#(first)","file_size":3,"sha256":"\#(one)"},"#
                + #"{"run_id":"\#(second)","file_size":3,"sha256":"\#(two)"}]},"#
                + #"{"path":"only.txt","state":"missing","missing_in":["\#(first)"],"#
                + #""runs":[{"run_id":"\#(second)","file_size":1}]},"#
                + #"{"path":"same.txt","state":"same","file_size":5,"sha256":"\#(hello)"}],"#
                + #""summary":{"same":1,"changed":1,"missing":1}}"#
        )
        #expect(try get("compare", runs.map { ("run_ids", $0) }).text == reply.text)
    }

    @Test(arguments: ["tree", "zip"])
    func `a view of what is not there is refused as by list`(view: String) throws {
        let run = try fixture.createRun()
        #expect(try get(view, [("run_id", run)]).status == 200)
        #expect(try get(view, [("run_id", "no")]).error == "404 RESOURCE_DOES_NOT_EXIST Run with id=no not found")
        #expect(try get(view, []).error.hasPrefix("400 INVALID_PARAMETER_VALUE Missing value for required parameter"))
        let missing = try get(view, [("run_id", run), ("path", "x")])
        #expect(missing.error == "404 RESOURCE_DOES_NOT_EXIST No such artifact: 'x'")
        try put(run, "file", "x")
        #expect(try get(view, [("run_id", run), ("path", "file")]).error.hasPrefix("400 INVALID_PARAMETER_VALUE "))
        for path in ["..", "/etc", "a/../b", "..\\b", "C:/x", "%2e%2e/x"] {
            let reply = try get(view, [("run_id", run), ("path", path)])
            #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE Invalid path"), "\(path): \(reply.error)")
        }
    }

    @Test func `a comparison needs 2 to 20 runs that exist`() throws {
        let runs = try (0..<21).map { _ in try fixture.createRun() }
        for refused in [[], [runs[0]], [runs[0], runs[0]], runs] {
            let reply = try get("compare", [("run_ids", refused.joined(separator: ","))])
            #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE Parameter 'run_ids' must name 2 to 20"))
        }
        #expect(try get("compare", [("run_ids", runs.dropLast().joined(separator: ", "))]).status == 200)
        let unknown = try get("compare", [("run_ids", "\(runs[0]),no")])
        #expect(unknown.error == "404 RESOURCE_DOES_NOT_EXIST Run with id=no not found")
    }

    @Test func `a location that is not served is refused as by list`() throws {
        let id = try fixture.stored.write {
            try $0.createExperiment(name: "elsewhere", artifactLocation: "/data", tags: [])
        }
        let run = try fixture.createRun(in: String(id))
        let expected = try fixture.get("artifacts/list", [("run_id", run)]).error
        #expect(expected.hasPrefix("400 "))
        for view in ["tree", "zip"] { #expect(try get(view, [("run_id", run)]).error == expected) }
        let other = try fixture.createRun()
        #expect(try get("compare", [("run_ids", "\(other),\(run)")]).error == expected)
    }

    @Test func `an answer that breaks off is reported`() throws {
        let run = try fixture.createRun()
        let large = String(repeating: "0123456789abcdef", count: 40_000)
        for name in ["a", "b"] { try put(run, name, large) }
        let folder = fixture.stored.folder.file("artifacts/0/\(run)/artifacts")
        #expect(throws: (any Error).self) {
            try fixture.send("GET", Self.view + "zip", query: [("run_id", run)]) {
                try #require(truncate("\(folder)/a", 200_000) == 0)
            }
        }
        #expect(fixture.failures.all.count == 1)
    }
}
