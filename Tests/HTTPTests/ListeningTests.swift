import Glibc
import HTTPWire
import Testing

@testable import HTTPServer

@Suite struct ListeningTests {
    private let both: [SocketAddress]

    init() throws {
        both =
            try SocketAddress.resolve(host: "127.0.0.1", port: 0) + SocketAddress.resolve(host: "127.0.0.2", port: 0)
    }

    private static let taken = HTTPServerError(call: "bind", code: EADDRINUSE)

    @Test func `a port that another address of the host has in use is chosen anew`() throws {
        var chosen = 4_000
        let ports = try Listening.open(at: both, port: 0) { address throws(HTTPServerError) in
            let wanted = address.resolved.port
            if wanted == 4_001 { throw Self.taken }
            if wanted == 0 { chosen += 1 }
            return (chosen, port: chosen)
        }
        #expect(ports == [4_002, 4_002])
    }

    @Test func `a named port that is in use at one address is refused at once`() throws {
        var calls = 0
        #expect(throws: HTTPServerError.self) {
            try Listening.open(at: both, port: 80) { address throws(HTTPServerError) -> (Int, port: Int?) in
                calls += 1
                if calls == 2 { throw Self.taken }
                return (80, port: 80)
            }
        }
        #expect(calls == 2)
    }

    @Test func `the search for a free port ends`() throws {
        #expect(throws: HTTPServerError.self) {
            try Listening.open(at: both, port: 0) { address throws(HTTPServerError) -> (Int, port: Int?) in
                if address.resolved.port != 0 { throw Self.taken }
                return (4_000, port: 4_000)
            }
        }
    }
}
