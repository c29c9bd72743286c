import Budgets
import HTTPWire
import Synchronization
import Testing

@testable import HTTPServer

@Suite struct RestTests {
    private let budgets = Budgets()
    private let local = Peer(address: "127.0.0.1")
    private let other = Peer(address: "192.0.2.1")
    private static let request = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

    /// Makes a client at this machine's address wait before its next step, because it seems to have used much time beside
    /// another client.
    private func exhaustShare() {
        let share = budgets.timeShares.share(of: local)
        budgets.timeShares.share(of: other).begin()?.end()
        share.begin()?.end()
        share.add(.seconds(10))
    }

    @Test func `who has used more than its share is answered after a rest, request by request`() throws {
        let server = try TestServer { $0.budgets = budgets }
        let client = try server.client()
        #expect(try server.exchange(Self.request).text == "hello")
        #expect(server.server.statistics.rests == 0)
        exhaustShare()
        try client.send(Self.request + Self.request)
        #expect(try client.answer().text == "hello")
        #expect(server.server.statistics.rests > 0)
        #expect(try client.answer().text == "hello")
    }

    @Test func `a long answer rests between its pieces`() throws {
        let server = try TestServer {
            $0.budgets = budgets
        } routes: { [exhaustShare] router in
            router.add(
                .get,
                "/pieces",
                .buffered { _, responder in
                    let pieces = Pieces(afterFirst: exhaustShare)
                    responder.send(HTTPResponse(status: 200, headers: [], body: .stream(pieces)))
                }
            )
        }
        let client = try server.client()
        try client.send("GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().text == "one two ")
        #expect(server.server.statistics.rests > 0)
    }

    @Test func `a server that stops lets nobody rest`() throws {
        let share = budgets.timeShares.share(of: local)
        var resting = RestingConnections()
        resting.append(1, of: share, turn: 1)
        resting.append(2, of: share, turn: 1)
        #expect(resting.removeAll() == [1, 2])
        #expect(resting.isEmpty)
    }

    @Test func `connections of a client go on in the order in which they came`() {
        let share = budgets.timeShares.share(of: local)
        let others = budgets.timeShares.share(of: other)
        var resting = RestingConnections()
        for id in [3, 1, 2] as [ConnectionID] { resting.append(id, of: share, turn: 1) }
        resting.append(9, of: others, turn: 2)
        #expect((0..<4).map { _ in resting.next(turn: 1)?.id } == [3, 1, 2, nil])
        #expect(!resting.contains(turn: 1) && resting.contains(turn: 2))
        #expect(resting.next(turn: 2)?.id == 9)
        #expect(resting.isEmpty)
    }
}

/// A body of two pieces.
private final class Pieces: HTTPBodyProducer {
    private let afterFirst: @Sendable () -> Void
    private let isFirst = Atomic<Bool>(true)

    init(afterFirst: @escaping @Sendable () -> Void) { self.afterFirst = afterFirst }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        let isFirst = isFirst.exchange(false, ordering: .relaxed)
        buffer.append(contentsOf: (isFirst ? "one " : "two ").utf8)
        if isFirst { afterFirst() }
        return isFirst
    }
}
