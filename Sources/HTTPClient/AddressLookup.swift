internal import Dispatch
internal import HTTPWire
internal import Synchronization

extension SocketAddress {
    /// Resolves a host name as `resolve` does, but waits no longer than until the deadline.
    ///
    /// The resolver has no time limit. If the deadline passes, the resolver continues on its thread, and its result is
    /// ignored. The look-up has its own queue and so gets a thread at once, while blocked work of the calling program,
    /// such as Swift tasks, may occupy all threads of the global queue.
    static func lookUp(_ host: String, port: Int, by deadline: Deadline) throws(CallFailure) -> [SocketAddress] {
        let lookup = Lookup()
        DispatchQueue(label: "http.lookup").async {
            let result = Result { () throws(UnresolvedHost) in try resolve(host: host, port: port) }
            lookup.result.withLock { $0 = result }
            lookup.isDone.signal()
        }
        let limit = DispatchTime.now() + .milliseconds(Int(deadline.remainingMilliseconds))
        guard lookup.isDone.wait(timeout: limit) == .success, let result = lookup.result.withLock({ $0 }) else {
            throw .timedOut(.lookingUp)
        }
        return try result.mapError { CallFailure.unresolved($0.reason) }.get()
    }

    private final class Lookup: Sendable {
        let result = Mutex<Result<[SocketAddress], UnresolvedHost>?>(nil)
        let isDone = DispatchSemaphore(value: 0)
    }
}
