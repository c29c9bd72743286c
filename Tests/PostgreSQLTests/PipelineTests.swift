import Glibc
import PostgreSQL
import Testing

/// The server is that of APUS_TEST_POSTGRES, which `make unit` sets.
private let server = getenv("APUS_TEST_POSTGRES").map { String(cString: $0) }

@Suite(.enabled(if: server != nil, "APUS_TEST_POSTGRES names no server"))
struct PipelineTests {
    @Test func `a host that is silent leaves the next one its time`() throws {
        let silent = try SilentHost()
        defer { silent.close() }
        let uri = try #require(server)
        let known = try #require(uri.firstMatch(of: /@(.*):([0-9]+)\//))
        let several = "@127.0.0.1:\(silent.port),\(known.1):\(known.2)/"
        let address = try PostgresAddress(uri.replacing(known.0, with: several) + "?connect_timeout=1")
        let pipeline = try PostgresPipeline.open(
            address,
            applicationName: "apus-test",
            options: [("target_session_attrs", "read-write")]
        )
        #expect(pipeline.displayURI.contains(":\(known.2)/"))
    }

    @Test func `the failures of all hosts are told`() throws {
        let silent = try SilentHost()
        defer { silent.close() }
        let address = try PostgresAddress("postgresql://127.0.0.1:\(silent.port),127.0.0.1:1/db?connect_timeout=1")
        let error = try #require(throws: PostgresError.self) {
            try PostgresConnection(address, applicationName: "apus-test")
        }
        #expect(error.isDisconnection)
        #expect(error.message.contains("connect_timeout") && error.message.contains("refused"), "\(error)")
    }

    @Test func `a deadline ends also an answer that keeps arriving`() throws {
        let pipeline = try PostgresPipeline.open(PostgresAddress(try #require(server)), applicationName: "apus-test")
        pipeline.watch = PostgresWatch(deadline: .now + .milliseconds(20))
        let error = #expect(throws: PostgresError.self) {
            try pipeline.rows("SELECT repeat('x', 1000) FROM generate_series(1, 400000)")
        }
        #expect(error?.state == .overdue)
        pipeline.rollBack()
        #expect(try pipeline.rows("SELECT 1::bigint").first { $0.int64(0) } == 1)
    }

    @Test func `a failure tells which of the statements sent ahead it was`() throws {
        let pipeline = try PostgresPipeline.open(PostgresAddress(try #require(server)), applicationName: "apus-test")
        try pipeline.send("SELECT 1")
        let before = pipeline.position
        try pipeline.send("SELECT 1 / ($1::bigint - 1)", [.integer(1)])
        let after = pipeline.position
        try pipeline.send("SELECT 2")
        let error = try #require(throws: PostgresError.self) { try pipeline.waitForAnswers() }
        let position = try #require(error.position)
        #expect(before <= position && position < after)
    }
}

/// A port that accepts connections and says nothing.
private struct SilentHost {
    private let descriptor: Int32
    let port: UInt16

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) | listen(listener, 8) | getsockname(listener, address, &size)
            }
        }
        try #require(code == 0)
        (descriptor, port) = (listener, UInt16(bigEndian: address.sin_port))
    }

    func close() { Glibc.close(descriptor) }
}
