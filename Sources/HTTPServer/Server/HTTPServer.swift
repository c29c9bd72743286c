package import Files
package import HTTPWire
import Synchronization
import Threads

/// An HTTP/1.1 server on raw sockets (RFC 9110, RFC 9112).
///
/// A few event loops share the connections; work that may block runs on a limited number of other threads. The requests of one
/// connection are answered in order.
package final class HTTPServer: Sendable {
    private struct State {
        var acceptor: Acceptor?
        var loops: [EventLoop] = []
        var isShutDown = false
    }

    private let configuration: Configuration
    private let router: HTTPRouter
    private let shared: SharedResources
    private let state = Mutex(State())

    package init(configuration: Configuration, router: HTTPRouter) {
        self.configuration = configuration
        self.router = router
        shared = SharedResources(configuration)
    }

    /// Opens the listening sockets, starts the threads and returns.
    ///
    /// Blocks on the resolver if the host is a name.
    /// - Parameter sockets: listening sockets that another process has opened; that process may keep them open after
    ///   this server has ended. If there are any, the host and the port of the configuration have no effect.
    /// - Returns: every bound address; port 0 is replaced by the port that the system chose.
    /// - Throws: `HTTPServerError` if the host is unknown, an address is in use, one of `sockets` does not listen, or
    ///   the system cannot create a thread.
    package func start(on sockets: [Descriptor] = []) throws(HTTPServerError) -> [ListeningAddress] {
        let listeners = try openListeners(sockets)
        let loops = try startLoops()
        let acceptor = try Acceptor(listeners: listeners, loops: loops, configuration: configuration, shared: shared)
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

    /// Opens listening sockets for a server that another process will run.
    package static func listen(host: String, port: Int) throws(HTTPServerError) -> [Descriptor] {
        try Listening.open(host: host, port: port).map(\.descriptor)
    }

    /// Throws if a server could not listen at the address now; opens the listening sockets and closes them again.
    package static func requireFree(host: String, port: Int) throws(HTTPServerError) {
        _ = try Listening.open(host: host, port: port)
    }

    /// Starts the configured number of event loops, or fewer if the system cannot create the threads; throws if it creates none.
    private func startLoops() throws(HTTPServerError) -> [EventLoop] {
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
    /// connections after `limit`.
    ///
    /// An idle connection stays open for a moment, so that a client that is just sending a request still gets its answer. Half a
    /// second before the end, clients that are still sending a body are told to send the body again. Returns at once, and may be
    /// called on any thread. A second call only calls `completion`.
    /// - Parameter completion: called once, on a thread of the server, when the last connection has ended; called by this
    ///   function itself if the server has not been started or a shutdown has begun before.
    package func shutdown(within limit: Duration, completion: @escaping @Sendable () -> Void) {
        let (acceptor, loops) = state.withLock { state in
            let result = (state.acceptor, state.loops)
            state = State(isShutDown: true)
            return result
        }
        guard let acceptor else { return completion() }
        let countdown = Countdown(from: loops.count, then: completion)
        acceptor.stop {
            for loop in loops { loop.post(.drain(within: limit, whenEmpty: { countdown.step() })) }
        }
    }

    /// What the server has counted since it was made; cheap, and may be called on any thread.
    package var statistics: Statistics { shared.counters.snapshot }
}

/// Calls a closure after `step()` has been called a given number of times.
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
