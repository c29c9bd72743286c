import Dispatch
import Synchronization

/// Takes new connections from the listening sockets and hands them to the loops in turn.
final class Acceptor: @unchecked Sendable {
    // Unchecked because the mutable state is touched on `queue` only.
    private let queue = DispatchQueue(label: "http.accept")
    private let listeners: [ListeningSocket]
    private let loops: [EventLoop]
    private let configuration: HTTPServer.Configuration
    private let counters: ServerCounters
    private var sources: [any DispatchSourceRead] = []
    private var nextLoop = 0
    private var isPaused = false

    /// How long accepting rests when descriptors have run out; the kernel's backlog keeps the clients waiting.
    private static let pause = DispatchTimeInterval.milliseconds(50)
    private static let acceptsPerWakeUp = 256

    init(
        listeners: [ListeningSocket],
        loops: [EventLoop],
        configuration: HTTPServer.Configuration,
        counters: ServerCounters
    ) {
        self.listeners = listeners
        self.loops = loops
        self.configuration = configuration
        self.counters = counters
    }

    func start() {
        queue.sync {
            // libdispatch opens a descriptor for its first timer, and `rest()` needs one when there is none left.
            queue.asyncAfter(deadline: .now() + Self.pause) {}
            for listener in listeners {
                let source = DispatchSource.makeReadSource(fileDescriptor: listener.rawValue, queue: queue)
                source.setEventHandler { [self] in accept(from: listener) }
                source.activate()
                sources.append(source)
            }
        }
    }

    /// Ends accepting; the listening sockets close when libdispatch has let go of them.
    func stop(then completion: @escaping @Sendable () -> Void) {
        queue.async { [self] in
            // Cancelling a suspended source would leave it, and its socket, behind for good.
            resume()
            for source in sources { source.cancel() }
            sources = []
            completion()
        }
    }

    private func accept(from listener: ListeningSocket) {
        counters.wakeUps.wrappingAdd(1, ordering: .relaxed)
        for _ in 0..<Self.acceptsPerWakeUp {
            switch ListeningSocket.accept(from: listener.rawValue) {
            case .connection(let descriptor, let address): take(descriptor, address)
            case .retry: continue
            case .wouldBlock: return
            case .exhausted:
                rest()
                return
            }
        }
    }

    private func take(_ descriptor: Int32, _ address: HTTPAddress) {
        counters.acceptedConnections.wrappingAdd(1, ordering: .relaxed)
        let open = counters.openConnections.wrappingAdd(1, ordering: .relaxed).newValue
        guard open <= configuration.limits.connections else {
            counters.openConnections.wrappingSubtract(1, ordering: .relaxed)
            refuse(Descriptor(owning: descriptor))
            return
        }
        loops[nextLoop].post(.adopt(descriptor, address))
        nextLoop = (nextLoop + 1) % loops.count
    }

    /// Answers 503 without reading; best effort, because a full server must not wait for one more client.
    private func refuse(_ descriptor: consuming Descriptor) {
        var response = configuration.errorResponse(503, "The server has as many connections as it may; try again")
        if response.header("retry-after") == nil { response.headers.append(("Retry-After", "1")) }
        let buffer = ByteBuffer()
        ResponseHead.appendStatus(503, to: buffer)
        ResponseHead.appendFields(response.headers, to: buffer)
        var body: [UInt8] = []
        if case .bytes(let bytes) = response.body { body = bytes }
        ResponseHead.appendFraming(.length(body.count), to: buffer)
        buffer.append("Connection: close\r\n\r\n")
        buffer.append(body)
        let none = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<0])
        _ = SystemCall.send(descriptor.rawValue, buffer.bytes, none, moreFollows: false)
        SystemCall.shutdownWriting(descriptor.rawValue)
        // Unread bytes would turn the close into a reset, which eats the answer.
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 1) { space in
            _ = SystemCall.receive(descriptor.rawValue, space)
        }
    }

    private func rest() {
        guard !isPaused else { return }
        isPaused = true
        for source in sources { source.suspend() }
        queue.asyncAfter(deadline: .now() + Self.pause) { [self] in resume() }
    }

    private func resume() {
        guard isPaused else { return }
        isPaused = false
        for source in sources { source.resume() }
    }
}
