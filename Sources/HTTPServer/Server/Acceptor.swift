import Budgets
import Files
import Glibc
import HTTPWire
import Synchronization
import Threads

/// Accepts connections from the listening sockets on a thread of its own, and hands them to the event loops in turn.
final class Acceptor: @unchecked Sendable {
    // Unchecked because all mutable state except `stopCompletion` is touched on the acceptor's thread only.
    private var listeners: [ListeningSocket]
    private let loops: [EventLoop]
    private let configuration: HTTPServer.Configuration
    private let shared: SharedResources
    private let wakeUpCall: WakeUpCall
    /// What must be called when accepting has ended; nil until `stop` is called.
    private let stopCompletion = Mutex<(@Sendable () -> Void)?>(nil)
    private var nextLoop = 0
    /// A reserve for the time when the process has no other descriptor left: the acceptor then closes this one, to accept one
    /// client and refuse it.
    private var spare: Descriptor?

    /// How long accepting pauses when descriptors have run out.
    private static let pauseMilliseconds: Int32 = 50
    private static let acceptsPerWakeUp = 256

    init(
        listeners: [ListeningSocket],
        loops: [EventLoop],
        configuration: HTTPServer.Configuration,
        shared: SharedResources
    ) throws(HTTPServerError) {
        self.listeners = listeners
        self.loops = loops
        self.configuration = configuration
        self.shared = shared
        wakeUpCall = try WakeUpCall()
        spare = Descriptor.placeholder()
    }

    /// Starts the thread; false when the system cannot create one.
    func start() -> Bool { LoopQueue.start(name: "http.accept") { [self] in run() } }

    /// Ends accepting and closes the listening sockets; returns at once.
    ///
    /// If another process has a listening socket open too, the connections in the queue of the socket wait for that process.
    /// - Parameter completion: called on the acceptor's thread when no further connection will be accepted.
    func stop(then completion: @escaping @Sendable () -> Void) {
        stopCompletion.withLock { $0 = completion }
        wakeUpCall.ring()
    }

    private func run() {
        var mustPause = false
        while true {
            let ready = wait(pausing: mustPause)
            if let completion = stopCompletion.withLock({ $0 }) {
                listeners = []
                return completion()
            }
            shared.counters.wakeUps.wrappingAdd(1, ordering: .relaxed)
            mustPause = false
            for listener in ready where !accept(from: listener) { mustPause = true }
        }
    }

    /// Waits for listening sockets that have connections, and returns these sockets.
    ///
    /// While accepting is paused, the function waits for the end of the pause instead, and returns all sockets.
    private func wait(pausing: Bool) -> [ListeningSocket] {
        let watched = pausing ? [] : listeners
        var entries = [pollfd(fd: wakeUpCall.rawValue, events: Int16(POLLIN), revents: 0)]
        entries += watched.map { pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0) }
        _ = poll(&entries, nfds_t(entries.count), pausing ? Self.pauseMilliseconds : -1)
        return pausing ? listeners : zip(watched, entries.dropFirst()).filter { $0.1.revents != 0 }.map(\.0)
    }

    /// Accepts the waiting connections; false when descriptors have run out.
    private func accept(from listener: ListeningSocket) -> Bool {
        for _ in 0..<Self.acceptsPerWakeUp {
            switch ListeningSocket.accept(from: listener.rawValue) {
            case .connection(let descriptor, let peer): assign(descriptor, peer)
            case .retry: continue
            case .wouldBlock: return true
            case .exhausted:
                refuseWithSpare(listener)
                return false
            }
        }
        return true
    }

    /// Gives a connection to one of the event loops, or refuses it if there are too many connections.
    private func assign(_ descriptor: Int32, _ peer: Peer) {
        shared.counters.acceptedConnections.wrappingAdd(1, ordering: .relaxed)
        let connections = shared.budgets.connections
        let reservation = BudgetReservation(of: connections, for: peer)
        guard reservation.grow(by: 1) else {
            closeLongestIdle(idleFor: .seconds(1))
            let message = "The server or this client has too many connections; try again later"
            return refuse(Descriptor(owning: descriptor), message)
        }
        // When more than seven eighths of the allowed connections are open, the connection that has been idle longest is closed.
        if connections.usage.held > connections.total / 8 * 7 { closeLongestIdle(idleFor: .seconds(5)) }
        shared.counters.openConnections.wrappingAdd(1, ordering: .relaxed)
        loops[nextLoop].post(.adopt(descriptor, reservation, peer))
        nextLoop = (nextLoop + 1) % loops.count
    }

    private func closeLongestIdle(idleFor span: Duration) { loops[nextLoop].post(.closeLongestIdle(atLeast: span)) }

    /// Refuses one client when no descriptor is left, by closing the reserve descriptor to accept it.
    private func refuseWithSpare(_ listener: ListeningSocket) {
        closeLongestIdle(idleFor: .seconds(1))
        spare = nil
        if case .connection(let descriptor, _) = ListeningSocket.accept(from: listener.rawValue) {
            shared.counters.acceptedConnections.wrappingAdd(1, ordering: .relaxed)
            refuse(Descriptor(owning: descriptor), "The server has too many open files; try again later")
        }
        spare = Descriptor.placeholder()
    }

    /// Sends a 429 without parsing the request.
    ///
    /// The function does not wait and ignores failures, because a full server must not wait for one more client.
    private func refuse(_ descriptor: Descriptor, _ message: String) {
        // A client of https can read an answer only after the TLS handshake, and a handshake would have to wait for the client.
        guard configuration.encryption == nil else { return }
        var response = configuration.errorResponse(HTTPRefusal(429, message), nil)
        response.addRetryAfter(shared.budgets.overload)
        let buffer = ByteBuffer()
        HeadWriter.appendStatus(429, to: buffer)
        HeadWriter.appendFields(response.headers, to: buffer)
        var body: [UInt8] = []
        if case .bytes(let bytes) = response.body { body = bytes }
        HeadWriter.appendFraming(.length(body.count), to: buffer)
        buffer.append("Connection: close\r\n\r\n")
        buffer.append(body)
        let none = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<0])
        _ = SystemCall.send(descriptor.rawValue, buffer.bytes, none, moreFollows: false)
        SystemCall.shutdownWriting(descriptor.rawValue)
        // Closing a socket with unread bytes sends a reset, and the client would lose the answer.
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 1) { space in
            _ = SystemCall.receive(descriptor.rawValue, space)
        }
    }
}
