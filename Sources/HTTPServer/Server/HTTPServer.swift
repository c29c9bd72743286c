package import Files
package import HTTPWire
import Synchronization
import Threads

/// An HTTP/1.1 server on raw sockets (RFC 9110, RFC 9112).
///
/// A few event loops share the connections; work that may block runs on a bounded set of threads. All threads are the
/// server's own. Requests of one connection are answered in order.
package final class HTTPServer: Sendable {
    private struct State {
        var acceptor: Acceptor?
        var loops: [EventLoop] = []
        var isShutDown = false
    }

    private let configuration: Configuration
    private let router: HTTPRouter
    private let shared: SharedParts
    private let state = Mutex(State())

    package init(configuration: Configuration, router: HTTPRouter) {
        self.configuration = configuration
        self.router = router
        shared = SharedParts(configuration)
    }

    /// Binds and begins to serve; returns at once.
    ///
    /// Blocks on the resolver when the host is a name.
    /// - Parameter sockets: listening sockets that another process has opened and may hold beyond this server's end; with
    ///   them the host and the port have no effect.
    /// - Returns: every bound address, with the port that was chosen for 0.
    /// - Throws: `HTTPServerError` if the host is unknown, an address is in use, a socket that was handed over does not
    ///   listen, or the system cannot create a thread.
    package func start(on sockets: [Descriptor] = []) throws(HTTPServerError) -> [ListeningAddress] {
        let listeners = try openListeners(sockets)
        let loops = try startedLoops()
        let acceptor = try Acceptor(
            listeners: listeners,
            loops: loops,
            configuration: configuration,
            shared: shared
        )
        guard acceptor.start() else {
            for loop in loops { loop.post(.drain(within: .zero, whenEmpty: {})) }
            throw Self.noThread
        }
        state.withLock { state in
            precondition(state.acceptor == nil && !state.isShutDown, "a server can be started once")
            state.acceptor = acceptor
            state.loops = loops
        }
        return listeners.map(\.address)
    }

    private func openListeners(_ sockets: [Descriptor]) throws(HTTPServerError) -> [ListeningSocket] {
        if sockets.isEmpty { return try Listening.open(host: configuration.host, port: configuration.port) }
        var listeners: [ListeningSocket] = []
        for socket in sockets { listeners.append(try ListeningSocket(handed: socket)) }
        return listeners
    }

    /// Opens the sockets of a server that another process is to run.
    package static func listen(host: String, port: Int) throws(HTTPServerError) -> [Descriptor] {
        try Listening.open(host: host, port: port).map(\.descriptor)
    }

    /// Whether the server could listen at an address now; what is opened for that is closed again.
    package static func requireFree(host: String, port: Int) throws(HTTPServerError) {
        _ = try Listening.open(host: host, port: port)
    }

    /// Starts as many event loops as are wanted, or fewer when the system cannot create the threads; at least one.
    private func startedLoops() throws(HTTPServerError) -> [EventLoop] {
        let cores = SystemCall.activeCores()
        let wanted = max(1, configuration.loopCount ?? min(max(cores, 2), 4))
        var loops: [EventLoop] = []
        for index in 0..<wanted {
            let loop = try EventLoop(index: index, configuration: configuration, router: router, shared: shared)
            if loop.start() { loops.append(loop) }
        }
        if loops.isEmpty { throw Self.noThread }
        return loops
    }

    private static let noThread = HTTPServerError(
        message: "the system allows no further thread; raise the limit of processes (ulimit -u)"
    )

    /// Stops accepting connections, lets running requests finish with `Connection: close`, and closes the remaining
    /// connections when the time is over.
    ///
    /// An idle connection stays open for a moment, so that a client that is just sending a request still gets its
    /// answer. Half a second before the end, clients that are still sending a body are told to send it again. Returns
    /// at once; may be called on any thread; only the first call has an effect.
    /// - Parameter completion: called once, on a thread of the server, when the last connection has ended.
    package func shutdown(within limit: Duration, completion: @escaping @Sendable () -> Void) {
        let (acceptor, loops) = state.withLock { state in
            let result = (state.acceptor, state.loops)
            state = State(isShutDown: true)
            return result
        }
        guard let acceptor else {
            completion()
            return
        }
        let countdown = Countdown(from: loops.count, then: completion)
        acceptor.stop {
            for loop in loops { loop.post(.drain(within: limit, whenEmpty: { countdown.step() })) }
        }
    }

    /// The counts since the start; cheap, may be called on any thread.
    package var statistics: Statistics { shared.counters.snapshot }
}

/// Calls its completion after the given number of steps has been reported.
private final class Countdown: Sendable {
    private let left: Atomic<Int>
    private let completion: @Sendable () -> Void

    init(from count: Int, then completion: @escaping @Sendable () -> Void) {
        left = Atomic(count)
        self.completion = completion
    }

    func step() {
        if left.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { completion() }
    }
}
