import Dispatch
import Glibc
import Synchronization
import Testing

@testable import S3

@Suite struct CredentialSourceTests {
    private func source(now: @escaping @Sendable () -> Int64 = { 0 }, _ variables: [String: String]) -> CredentialSource
    {
        let all = ["HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"].merging(variables) { $1 }
        return CredentialSource(now: now, answerTimeout: .seconds(60)) { all[$0] }
    }

    /// Writes a file for one test and removes it afterwards.
    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let path = "/tmp/apus-s3-\(UInt64.random(in: 0 ... .max))"
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
        defer { unlink(path) }
        try body(path)
    }

    @Test func `the environment comes first`() throws {
        try withFile("[default]\naws_access_key_id = F\naws_secret_access_key = f\n") { path in
            let found = try source([
                "AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "e", "AWS_SESSION_TOKEN": "t",
                "AWS_SHARED_CREDENTIALS_FILE": path,
            ]).current()
            #expect(found == S3Credentials(accessKeyID: "E", secretAccessKey: "e", sessionToken: "t"))
        }
    }

    @Test func `half of the keys is a mistake, and no reason to look elsewhere`() {
        #expect(throws: S3Failure.self) { try source(["AWS_ACCESS_KEY_ID": "E"]).current() }
    }

    @Test(arguments: [nil, "other"]) func `a profile is taken from the credentials file`(profile: String?) throws {
        let text = """
            # keys
            [default]
            aws_access_key_id=D
            aws_secret_access_key = d=/+
            s3 =
                addressing_style = path
            [other]
            aws_access_key_id = O
            aws_secret_access_key = o
            aws_session_token = t
            """
        try withFile(text) { path in
            var variables = ["AWS_SHARED_CREDENTIALS_FILE": path]
            variables["AWS_PROFILE"] = profile
            let found = try source(variables).current()
            #expect(found.accessKeyID == (profile == nil ? "D" : "O"))
            #expect(found.secretAccessKey == (profile == nil ? "d=/+" : "o"))
            #expect(found.sessionToken == (profile == nil ? nil : "t"))
        }
    }

    @Test func `a profile is taken from the config file where it has a prefix`() throws {
        try withFile("[profile work]\naws_access_key_id = W\naws_secret_access_key = w\nregion = eu-west-3\n") { path in
            let variables = ["AWS_CONFIG_FILE": path, "AWS_PROFILE": "work"]
            let found = try source(variables).current()
            #expect(found.accessKeyID == "W")
            let settings = try S3Settings(bucket: "bucket") { variables[$0] }
            #expect(settings.region == "eu-west-3")
        }
    }

    @Test(arguments: [
        "[default]\nrole_arn = r\n", "[default]\ncredential_process = p\n", "[default]\nsso_session = s\n",
    ]) func `a way to keys that there is not is told`(text: String) throws {
        try withFile(text) { path in
            let failure = #expect(throws: S3Failure.self) { try source(["AWS_CONFIG_FILE": path]).current() }
            #expect(failure?.kind == .denied)
        }
    }

    @Test func `a profile that is named and not there is a mistake`() {
        let failure = #expect(throws: S3Failure.self) { try source(["AWS_PROFILE": "nobody"]).current() }
        #expect(failure?.message.contains("nobody") == true)
    }

    @Test func `a container's keys need its token, and are asked for again before they end`() throws {
        let agent = try KeyAgent(expiration: "1970-01-01T01:00:00Z")
        let time = Clock()
        let source = source(
            now: { time.seconds.load(ordering: .relaxed) },
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(agent.port)/keys",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret",
            ]
        )
        let first = try source.current()
        #expect(
            first == S3Credentials(accessKeyID: "container1", secretAccessKey: "s", sessionToken: "t", expires: 3_600)
        )
        time.seconds.store(3_000, ordering: .relaxed)
        #expect(try source.current() == first)
        time.seconds.store(3_400, ordering: .relaxed)
        #expect(try source.current().accessKeyID == "container2")
        let second = try source.current()
        source.forget(first)
        #expect(try source.current() == second)
        source.forget(second)
        #expect(try source.current().accessKeyID == "container3")
    }

    @Test(arguments: ["http://example.com/keys", "http://10.0.0.1/keys", "http://169.254.169.254/keys", "nonsense"])
    func `a container's token goes to hosts of the container alone`(uri: String) {
        let failure = #expect(throws: S3Failure.self) {
            try source(["AWS_CONTAINER_CREDENTIALS_FULL_URI": uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret"])
                .current()
        }
        #expect(failure?.kind == .denied)
    }

    @Test func `a container whose agent refuses is told, and not passed over`() throws {
        let agent = try KeyAgent(expiration: "")
        let variables = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(agent.port)/keys"]
        #expect(throws: S3Failure.self) { try source(variables).current() }
    }

    @Test func `an instance's keys are asked for with a session of its metadata`() throws {
        let agent = try KeyAgent(expiration: "1970-01-01T01:00:00Z")
        let found = try source([
            "AWS_EC2_METADATA_DISABLED": "false",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(agent.port)/",
        ]).current()
        #expect(found.accessKeyID == "instance1")
    }

    @Test func `keys that still hold are used while new ones cannot be had`() throws {
        let time = Clock()
        let agent = Mutex<KeyAgent?>(try KeyAgent(expiration: "1970-01-01T01:00:00Z"))
        let port = agent.withLock { $0?.port ?? 0 }
        let source = source(
            now: { time.seconds.load(ordering: .relaxed) },
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(port)/keys",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret",
            ]
        )
        let first = try source.current()
        agent.withLock { $0 = nil }
        time.seconds.store(3_500, ordering: .relaxed)
        #expect(try source.current() == first)
        time.seconds.store(3_601, ordering: .relaxed)
        #expect(throws: S3Failure.self) { try source.current() }
    }

    @Test func `a search that hangs holds up nobody whose keys are valid`() throws {
        let time = Clock()
        let agent = try KeyAgent(expiration: "1970-01-01T01:00:00Z")
        let gate = Gate()
        let source = CredentialSource(now: { time.seconds.load(ordering: .relaxed) }, answerTimeout: .seconds(60)) {
            name in
            if name == "AWS_ACCESS_KEY_ID" { gate.pass() }
            return [
                "HOME": "/nonexistent", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(agent.port)/keys",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret",
            ][name]
        }
        let first = try source.current()
        time.seconds.store(3_400, ordering: .relaxed)
        gate.isClosed.store(true, ordering: .relaxed)
        let ended = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            _ = try? source.current()
            ended.signal()
        }
        gate.entered.wait()
        #expect(try source.current() == first)
        gate.released.signal()
        ended.wait()
        #expect(try source.current().accessKeyID == "container2")
    }

    @Test func `a search that found nothing is not repeated at once`() throws {
        let time = Clock()
        let searches = Clock()
        let source = CredentialSource(now: { time.seconds.load(ordering: .relaxed) }) { name in
            if name == "AWS_ACCESS_KEY_ID" { searches.seconds.add(1, ordering: .relaxed) }
            return ["HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"][name]
        }
        for _ in 0..<3 { #expect(throws: S3Failure.self) { try source.current() } }
        #expect(searches.seconds.load(ordering: .relaxed) == 1)
        time.seconds.store(10, ordering: .relaxed)
        #expect(throws: S3Failure.self) { try source.current() }
        #expect(searches.seconds.load(ordering: .relaxed) == 2)
    }

    @Test func `nowhere any keys is told with the ways to give them`() {
        let failure = #expect(throws: S3Failure.self) { try source([:]).current() }
        #expect(failure?.message.contains("AWS_ACCESS_KEY_ID") == true)
    }

    /// Holds up the thread that passes it while it is closed.
    private final class Gate: Sendable {
        let isClosed = Atomic<Bool>(false)
        let entered = DispatchSemaphore(value: 0)
        let released = DispatchSemaphore(value: 0)

        func pass() {
            guard isClosed.exchange(false, ordering: .relaxed) else { return }
            entered.signal()
            released.wait()
        }
    }

    private final class Clock: Sendable {
        let seconds = Atomic<Int64>(0)
    }
}

@Suite struct XMLElementTests {
    @Test func `reads what is nested, without attributes, namespaces and comments`() throws {
        let text = """
            <?xml version="1.0"?><!-- x --><a:Result xmlns="u"><Key x="1">a &amp; &lt;b&gt; &#228;&#x41;</Key><Empty/>
            <Item><Key>two</Key></Item></a:Result>
            """
        let element = try #require(XMLElement(Array(text.utf8)))
        #expect(element.name == "Result")
        #expect(element["Key"] == "a & <b> äA")
        #expect(element["Empty"] == "")
        #expect(element.children.count == 3)
        #expect(element.children.last?["Key"] == "two")
    }

    @Test(arguments: ["", "text", "<a", "<a>", "<a></b>", "</a>", String(repeating: "<a>", count: 40)])
    func `anything else is none`(text: String) {
        #expect(XMLElement(Array(text.utf8)) == nil)
    }

    @Test func `an entity is read before a mark that combines with its end`() {
        #expect(XMLElement(Array("<a>&amp;\u{301}&#x2F;\u{301}</a>".utf8))?.text == "&\u{301}/\u{301}")
    }

    @Test(arguments: ["&", "& &lt", "&toolongforareference;"]) func `what is no entity stays as it is`(text: String) {
        let long = String(repeating: text, count: 100_000)
        #expect(XMLElement(Array("<a>\(long)</a>".utf8))?.text == long)
    }

    @Test func `some characters are in no XML`() {
        for text in ["a\u{1}", "\u{1F}", "\u{FFFE}", "\u{FFFF}", "\u{0}"] { #expect(!XMLElement.canContain(text)) }
        for text in ["", "a\tb\r\n", "ä\u{301}", "\u{7F}", "\u{FFFD}", "\u{10FFFF}"] {
            #expect(XMLElement.canContain(text))
        }
    }

    @Test func `a text survives being written and read`() {
        let text = "a<&>\"'\u{1}\n ä"
        #expect(XMLElement(Array("<a>\(XMLElement.escaped(text))</a>".utf8))?.text == text)
    }
}
