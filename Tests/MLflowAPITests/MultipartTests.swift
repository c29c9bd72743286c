import ArtifactStore
import Budgets
import JSON
import MLflowAPI
import Testing

@Suite struct MultipartTests {
    private static let route = "/api/2.0/mlflow-artifacts/mpu"
    private static let fallback = "Multipart upload is not supported for the current artifact repository"
    private static let run = "0123456789abcdef0123456789abcdef"
    private static let folder = "0/\(run)/artifacts/checkpoints"
    private static let json = ["content-type": "application/json"]

    /// The server's answer to the start of an upload.
    private struct Begun {
        let id: String
        let urls: [String]
    }

    private func begin(_ fixture: APIFixture, parts: Int, file: String = "/home/me/big file.bin") throws -> Begun {
        let body = #"{"path":"\#(file)","num_parts":\#(parts)}"#
        let reply = try fixture.send("POST", "\(Self.route)/create/\(Self.folder)", body: body, headers: Self.json)
        #expect(reply.status == 200, "\(reply.text)")
        let credentials = try reply.member("credentials").elements
        let urls = try credentials.enumerated().map { index, credential in
            #expect(credential["part_number"]?.int64 == Int64(index + 1))
            return try #require(credential["url"]?.string)
        }
        return Begun(id: try #require(try reply.member("upload_id").string), urls: urls)
    }

    /// Sends a part to its URL like the client: without credentials, content type and Origin field.
    private func put(_ fixture: APIFixture, _ url: String, _ body: String) throws -> Reply {
        let address = "http://tracking.example:5000"
        #expect(url.hasPrefix(address + Self.route + "/parts/"))
        let target = url.dropFirst(address.count).split(separator: "?")
        let query = try target[1].split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", omittingEmptySubsequences: false)
            try #require(sides.count == 2)
            return (String(sides[0]), String(sides[1]))
        }
        return try fixture.send("PUT", String(target[0]), query: query, body: body)
    }

    private func complete(
        _ fixture: APIFixture,
        _ begun: Begun,
        _ tags: [String],
        file: String = "big file.bin"
    ) throws -> Reply {
        let parts = tags.enumerated().map { index, tag in
            let escaped = tag.replacing("\"", with: "\\\"")
            return #"{"part_number":\#(index + 1),"etag":"\#(escaped)","url":"\#(begun.urls[index])"}"#
        }
        let body = #"{"path":"\#(file)","upload_id":"\#(begun.id)","parts":[\#(parts.joined(separator: ","))]}"#
        return try fixture.send("POST", "\(Self.route)/complete/\(Self.folder)", body: body, headers: Self.json)
    }

    @Test func `a file goes up in parts and comes down whole`() throws {
        let fixture = try APIFixture()
        let begun = try begin(fixture, parts: 3, file: #"C:\\work\\big file.bin"#)
        var tags = ["", "", ""]
        for (index, text) in [(2, "c"), (0, "aaaa"), (1, "bbbb")] {
            let reply = try put(fixture, begun.urls[index], text)
            #expect(reply.status == 200 && reply.bytes.isEmpty)
            tags[index] = try #require(reply.header("ETag"))
            #expect(tags[index].hasPrefix("\"") && tags[index].hasSuffix("\""))
        }
        for _ in 0..<2 { #expect(try complete(fixture, begun, tags).text == "{}") }
        let path = "/api/2.0/mlflow-artifacts/artifacts/\(Self.folder)/big file.bin"
        #expect(try fixture.send("GET", path).text == "aaaabbbbc")
        let place = [("path", "\(Self.folder)/big file.bin")]
        let journal = try fixture.send("GET", "/api/apus/1.0/artifacts/journal", query: place)
        #expect(try journal.member("entries").elements.map { $0["bytes"]?.int64 } == [9])
        #expect(try put(fixture, begun.urls[0], "late").error.hasPrefix("404 RESOURCE_DOES_NOT_EXIST "))
    }

    @Test func `a part that is missing or was sent again is named`() throws {
        let fixture = try APIFixture()
        let begun = try begin(fixture, parts: 2)
        let old = try #require(try put(fixture, begun.urls[0], "aa").header("ETag"))
        #expect(
            try complete(fixture, begun, [old]).error
                == "400 INVALID_PARAMETER_VALUE Part 2 has not arrived; missing parts in all: 1."
        )
        let second = try #require(try put(fixture, begun.urls[1], "b").header("ETag"))
        let new = try #require(try put(fixture, begun.urls[0], "cc").header("ETag"))
        #expect(
            try complete(fixture, begun, [old, second]).error.hasPrefix(
                "400 INVALID_PARAMETER_VALUE Part 1 was sent again"
            )
        )
        #expect(try complete(fixture, begun, [new, second], file: "other").error.hasPrefix("404 "))
        #expect(try complete(fixture, begun, [new, second]).text == "{}")
    }

    @Test func `a URL is good for its own part of its own upload alone`() throws {
        let fixture = try APIFixture()
        let begun = try begin(fixture, parts: 2)
        let other = try begin(fixture, parts: 2)
        let url = begun.urls[0]
        let last = url.last == "0" ? "1" : "0"
        let cut = url.prefix { $0 != "?" }
        let forged = [
            url.replacing("/parts/\(begun.id)/1?", with: "/parts/\(begun.id)/2?"),
            url.replacing(begun.id, with: other.id), String(url.dropLast()) + last, String(url.dropLast(2)),
            url.replacing("expires=", with: "expires=9"), url.replacing("&signature=", with: "&signature=zz"),
            cut + "?expires=1", cut + "?signature=00", cut + "?expires=x&signature=00",
            url.replacing("/1?", with: "/x?"),
        ]
        for url in forged {
            let error = try put(fixture, url, "x").error
            #expect(error.hasPrefix("403 PERMISSION_DENIED The URL of this part is not one"), "\(url): \(error)")
        }
        let stranger = try APIFixture()
        _ = try begin(stranger, parts: 1)
        #expect(try put(stranger, url, "x").status == 403)
    }

    @Test func `an expired URL is refused as such`() throws {
        let fixture = try APIFixture { settings, _ in settings.multipartLimits.lifetimeSeconds = -1 }
        let begun = try begin(fixture, parts: 1)
        let error = try put(fixture, begun.urls[0], "x").error
        #expect(error == "403 PERMISSION_DENIED The URL of this part has expired; begin the upload anew.")
    }

    @Test func `an abort always succeeds and ends the upload`() throws {
        let fixture = try APIFixture()
        let begun = try begin(fixture, parts: 1)
        #expect(try put(fixture, begun.urls[0], "x").status == 200)
        let body = #"{"path":"/tmp/big file.bin","upload_id":"\#(begun.id)"}"#
        for body in [body, body, #"{"path":"x","upload_id":null}"#, #"{"path":"x/"}"#] {
            let reply = try fixture.send("POST", "\(Self.route)/abort/\(Self.folder)", body: body, headers: Self.json)
            #expect(reply.status == 200 && reply.text == "{}")
        }
        #expect(try put(fixture, begun.urls[0], "x").error.hasPrefix("404 "))
        #expect(try complete(fixture, begun, ["x"]).error.hasPrefix("404 RESOURCE_DOES_NOT_EXIST No such multipart"))
    }

    @Test(
        arguments: ["create", "complete", "abort"],
        [
            ("../x", "{", "Invalid path"), ("0/a/artifacts", "no type", "Bad Request. Content-Type header is missing."),
            ("0/a/artifacts", "{}", "Missing value for required parameter 'path'."),
            ("0/a/artifacts", #"{"path":1}"#, "Invalid value 1 for parameter 'path' supplied:  Hint: Value was of"),
        ]
    )
    func `what is wrong with a request is said in the order of the reference`(
        verb: String,
        given: (folder: String, body: String, message: String)
    ) throws {
        let headers = given.body == "no type" ? [:] : Self.json
        let path = "\(Self.route)/\(verb)/\(given.folder)"
        let reply = try APIFixture().send("POST", path, body: given.body, headers: headers)
        #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE \(given.message)"), "\(reply.error)")
    }

    @Test(
        arguments: [
            ("create", #""num_parts":"x""#, "Invalid value \"x\" for parameter 'num_parts' supplied:  Hint"),
            ("create", #""num_parts":-1"#, "Invalid value -1 for parameter 'num_parts' supplied: it must be between"),
            ("create", #""num_parts":10001"#, "Invalid value 10001 for parameter 'num_parts' supplied: it must be"),
            ("complete", #""upload_id":1"#, "Invalid value 1 for parameter 'upload_id' supplied:  Hint"),
            ("complete", #""upload_id":"u""#, "Missing value for required parameter 'parts'."),
            ("abort", #""upload_id":1"#, "Invalid value 1 for parameter 'upload_id' supplied:  Hint"),
        ]
    )
    func `a field of the wrong kind is refused`(verb: String, field: String, message: String) throws {
        let path = "\(Self.route)/\(verb)/\(Self.folder)"
        let body = #"{"path":"x",\#(field)}"#
        let reply = try APIFixture().send("POST", path, body: body, headers: Self.json)
        #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE \(message)"), "\(reply.error)")
    }

    @Test(arguments: ["x/", "..", "a\\\\..", "\\u0000", ".apus-upload-1"])
    func `a name that no file may have is refused`(name: String) throws {
        let path = "\(Self.route)/create/\(Self.folder)"
        let reply = try APIFixture().send("POST", path, body: #"{"path":"\#(name)"}"#, headers: Self.json)
        #expect(reply.error.hasPrefix("400 INVALID_PARAMETER_VALUE Invalid path"), "\(reply.error)")
    }

    @Test(arguments: ["", "/sub/dir", "/0/x/artifacts", "/artifacts", "/models/artifacts", "/0/\(run)/other"])
    func `a folder that is of no run lets the client fall back`(folder: String) throws {
        let body = #"{"path":"x","num_parts":1}"#
        for prefix in ["/api", "/ajax-api"] {
            let path = "\(prefix)/2.0/mlflow-artifacts/mpu/create\(folder)"
            let reply = try APIFixture().send("POST", path, body: body, headers: Self.json)
            #expect(reply.error == "501 NOT_IMPLEMENTED \(Self.fallback)")
        }
    }

    @Test(arguments: ["own/place/\(run)/artifacts", "0/models/m-1/artifacts", "0/models/m-1/artifacts/data"])
    func `the folders of runs and models are known wherever they lie`(folder: String) throws {
        let body = #"{"path":"x","num_parts":0}"#
        let path = "\(Self.route)/create/\(folder)"
        let reply = try APIFixture().send("POST", path, body: body, headers: Self.json)
        #expect(reply.status == 200 && reply.text.contains("\"credentials\":[]"))
    }

    @Test func `a client whose address is not known sends files whole`() throws {
        let fixture = try APIFixture()
        let proxied = ["content-type": "application/json", "x-forwarded-proto": "https"]
        let information = try fixture.send("GET", Self.information, headers: proxied)
        #expect(try information.member("multipart_uploads_enabled").bool == false)
        let path = "\(Self.route)/create/\(Self.folder)"
        let reply = try fixture.send("POST", path, body: #"{"path":"x"}"#, headers: proxied)
        #expect(reply.error == "501 NOT_IMPLEMENTED \(Self.fallback)")
    }

    @Test(arguments: ["", "/api"]) func `a URL leads where its client came in`(base: String) throws {
        let fixture = try APIFixture { settings, _ in settings.staticPrefix = "/api" }
        let path = "\(base)\(Self.route)/create/\(Self.folder)"
        let reply = try fixture.send("POST", path, body: #"{"path":"x","num_parts":1}"#, headers: Self.json)
        #expect(reply.text.contains(#""url":"http://tracking.example:5000\#(base)\#(Self.route)/parts/"#))
    }

    @Test func `as many uploads are open as may be, and the next file goes whole`() throws {
        let fixture = try APIFixture { settings, _ in settings.multipartLimits.openUploads = Budget(total: 1) }
        _ = try begin(fixture, parts: 1)
        let path = "\(Self.route)/create/\(Self.folder)"
        let reply = try fixture.send("POST", path, body: #"{"path":"x"}"#, headers: Self.json)
        #expect(reply.error.hasPrefix("501 NOT_IMPLEMENTED \(Self.fallback)"))
    }

    @Test func `a server that serves no artifacts offers none of it`() throws {
        let fixture = try APIFixture { settings, _ in settings.servesArtifacts = false }
        #expect(try fixture.send("GET", Self.information).member("multipart_uploads_enabled").bool == false)
        let path = "\(Self.route)/create/\(Self.folder)"
        let reply = try fixture.send("POST", path, body: #"{"path":"x"}"#, headers: Self.json)
        #expect(reply.status == 501)
    }

    private static let information = "/api/3.0/mlflow/server-info"
}
