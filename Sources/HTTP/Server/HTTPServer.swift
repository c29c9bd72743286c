import Dispatch
import Synchronization

/// An HTTP/1.1 server on raw sockets (RFC 9110, RFC 9112).
///
/// A few event loops share the connections; work that may block runs on a bounded set of worker queues. Requests of
/// one connection are answered in order.
package final class HTTPServer: Sendable {
    private struct State {
        var acceptor: Acceptor?
        var loops: [EventLoop] = []
        var isShutDown = false
    }

    private let configuration: Configuration
    private let router: HTTPRouter
    private let counters = ServerCounters()
    private let state = Mutex(State())

    package init(configuration: Configuration, router: HTTPRouter) {
        self.configuration = configuration
        self.router = router
    }

    /// Binds and begins to serve; returns at once.
    ///
    /// Blocks on the resolver when the host is a name.
    /// - Returns: every bound address, with the port that was chosen for 0.
    /// - Throws: `HTTPServerError` when the host means nothing or an address is taken. Nothing is bound then.
    package func start() throws(HTTPServerError) -> [HTTPAddress] {
        let listeners = try Listening.open(host: configuration.host, port: configuration.port)
        let cores = SystemCall.activeCores()
        let count = max(1, configuration.loopCount ?? min(max(cores, 2), 4))
        let workers = WorkerPool(width: max(1, configuration.workerCount))
        let budget = BodyBudget(limit: configuration.limits.bodiesInFlightBytes)
        var loops: [EventLoop] = []
        for index in 0..<count {
            loops.append(
                try EventLoop(
                    index: index,
                    configuration: configuration,
                    router: router,
                    workers: workers,
                    budget: budget,
                    counters: counters
                )
            )
        }
        for loop in loops { loop.start() }
        let acceptor = Acceptor(listeners: listeners, loops: loops, configuration: configuration, counters: counters)
        acceptor.start()
        state.withLock { state in
            precondition(state.acceptor == nil && !state.isShutDown, "a server can be started once")
            state.acceptor = acceptor
            state.loops = loops
        }
        return listeners.map(\.address)
    }

    /// Stops accepting, closes idle connections, lets requests in flight finish with `Connection: close`, and cuts
    /// what is left when the time is over.
    ///
    /// Returns at once; may be called on any thread, and counts once.
    /// - Parameter completion: called once, on a queue of the server, when the last connection has ended.
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
        let queue = DispatchQueue(label: "http.shutdown")
        let group = DispatchGroup()
        for _ in loops { group.enter() }
        acceptor.stop {
            for loop in loops { loop.post(.drain(whenEmpty: { group.leave() })) }
        }
        let cut = DispatchWorkItem {
            for loop in loops { loop.post(.closeAll) }
        }
        let delay = Int(min(limit.nanoseconds, 3_600_000_000_000))
        queue.asyncAfter(deadline: .now() + .nanoseconds(delay), execute: cut)
        group.notify(queue: queue) {
            cut.cancel()
            completion()
        }
    }

    /// Counts since the start; cheap, from any thread.
    package var statistics: Statistics { counters.snapshot }
}
