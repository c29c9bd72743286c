import Budgets
import Dispatch
import Synchronization

/// Names a connection for as long as the process lives; never used twice.
typealias ConnectionID = UInt64

/// What other threads tell a loop.
enum LoopMessage: Sendable {
    case adopt(Int32, HTTPAddress)
    case answer(ConnectionID, exchange: UInt64, HTTPResponse)
    case opened(ConnectionID, exchange: UInt64, (any HTTPBodyReceiver)?)
    case pumped(ConnectionID, UploadPump.Outcome)
    case fileSent(ConnectionID, count: Int, Transfer)
    case produced(ConnectionID, [UInt8]?, hasMore: Bool)
    case drain(whenEmpty: @Sendable () -> Void)
    case closeAll
}

/// A serial queue with an epoll instance of its own, serving many connections.
///
/// One dispatch source watches the epoll descriptor; the connections' descriptors are never given to libdispatch,
/// which spins on a hung-up peer (swift-corelibs-libdispatch#644) and would wake up once per socket.
final class EventLoop: @unchecked Sendable {
    // Unchecked because everything but the mailbox and the constants is touched on `queue` only.
    private struct Mailbox {
        var messages: [LoopMessage] = []
        /// Somebody is going to look, or is looking: no wake-up is needed.
        var isAttended = false
    }

    let configuration: HTTPServer.Configuration
    let router: HTTPRouter
    let workers: WorkerPool
    let budget: BodyBudget
    let counters: ServerCounters
    let responseFields: CommonFields

    private let queue: DispatchQueue
    private let epoll: Epoll
    private let mailbox = Mutex(Mailbox())
    private var source: (any DispatchSourceRead)?
    private var connections: [ConnectionID: Connection] = [:]
    private var nextConnection: ConnectionID = 0
    private var whenEmpty: (@Sendable () -> Void)?
    private(set) var isDraining = false
    var date = DateCache()
    private var timer: (any DispatchSourceTimer)?
    private var timerDeadline = UInt64.max
    /// Read once per batch, so that time-outs cost no system call each.
    private(set) var now = SystemCall.coarseNanoseconds()

    init(
        index: Int,
        configuration: HTTPServer.Configuration,
        router: HTTPRouter,
        workers: WorkerPool,
        budget: BodyBudget,
        counters: ServerCounters
    ) throws(HTTPServerError) {
        self.configuration = configuration
        self.router = router
        self.workers = workers
        self.budget = budget
        self.counters = counters
        responseFields = CommonFields(configuration)
        epoll = try Epoll()
        queue = DispatchQueue(label: "http.loop.\(index)")
    }

    func start() {
        queue.sync {
            let source = DispatchSource.makeReadSource(fileDescriptor: epoll.rawValue, queue: queue)
            source.setEventHandler { [self] in handleEvents() }
            source.activate()
            self.source = source
        }
    }

    /// Ends the loop after its last connection; breaks the cycle between the loop and its sources.
    private func stop() {
        source?.cancel()
        source = nil
        timer?.cancel()
        timer = nil
    }

    /// Hands a message over from any thread.
    ///
    /// Wakes the loop only when nobody is looking at the mailbox already, so that a group commit that answers 64
    /// connections wakes it once.
    func post(_ message: LoopMessage) {
        let mustWake = mailbox.withLock { mailbox in
            mailbox.messages.append(message)
            if mailbox.isAttended { return false }
            mailbox.isAttended = true
            return true
        }
        if mustWake {
            queue.async { [self] in
                counters.wakeUps.wrappingAdd(1, ordering: .relaxed)
                now = SystemCall.coarseNanoseconds()
                handleMessages()
            }
        }
    }

    private func handleEvents() {
        counters.wakeUps.wrappingAdd(1, ordering: .relaxed)
        now = SystemCall.coarseNanoseconds()
        var patience: Int32 = 0
        // A bound, so that the timer and other work on this queue get their turn under full load.
        for _ in 0..<64 {
            mailbox.withLock { $0.isAttended = true }
            let count = epoll.poll(waiting: patience) { event in
                guard let connection = connections[event.token] else { return }
                connection.handle(event)
                connection.drive()
            }
            handleMessages()
            if count == 0 { break }
            patience = awaitsOneClientOnly ? 1 : 0
        }
    }

    /// Whether nobody can have anything for this loop but the one client that has just got its answer.
    ///
    /// Its next request is often on its way: a millisecond's wait for it saves the way through libdispatch's thread.
    private var awaitsOneClientOnly: Bool {
        guard connections.count == 1, let connection = connections.first?.value else { return false }
        return connection.isBetweenRequests
    }

    private func handleMessages() {
        while true {
            let messages = mailbox.withLock { mailbox in
                if mailbox.messages.isEmpty { mailbox.isAttended = false }
                return exchangeArray(&mailbox.messages)
            }
            if messages.isEmpty { return }
            for message in messages { handle(message) }
        }
    }

    private func handle(_ message: LoopMessage) {
        switch message {
        case .adopt(let descriptor, let address): adopt(descriptor, address)
        case .answer(let id, let exchange, let response):
            with(id) { $0.takeAnswer(response, exchange: exchange) }
        case .opened(let id, let exchange, let receiver):
            with(id) { $0.takeReceiver(receiver, exchange: exchange) }
        case .pumped(let id, let outcome): with(id) { $0.takePumpOutcome(outcome) }
        case .fileSent(let id, let count, let outcome): with(id) { $0.takeFileProgress(count, outcome) }
        case .produced(let id, let bytes, let hasMore): with(id) { $0.takePiece(bytes, hasMore: hasMore) }
        case .drain(let whenEmpty):
            isDraining = true
            self.whenEmpty = whenEmpty
            for connection in Array(connections.values) { connection.closeIfIdle() }
            reportIfEmpty()
        case .closeAll:
            for connection in Array(connections.values) { connection.close() }
        }
    }

    private func with(_ id: ConnectionID, _ body: (Connection) -> Void) {
        guard let connection = connections[id] else { return }
        body(connection)
        connection.drive()
    }

    private func adopt(_ descriptor: Int32, _ address: HTTPAddress) {
        let id = nextConnection
        nextConnection += 1
        let connection = Connection(
            id: id,
            descriptor: Descriptor(owning: descriptor),
            peer: Peer(address: address.host),
            loop: self
        )
        guard !isDraining, epoll.add(descriptor, token: id) else {
            counters.openConnections.wrappingSubtract(1, ordering: .relaxed)
            return
        }
        connections[id] = connection
        connection.begin()
    }

    var servesOneConnection: Bool { connections.count == 1 }

    /// Lets go of a closed connection; its descriptor closes with it.
    func remove(_ id: ConnectionID) {
        guard connections.removeValue(forKey: id) != nil else { return }
        counters.openConnections.wrappingSubtract(1, ordering: .relaxed)
        reportIfEmpty()
    }

    private func reportIfEmpty() {
        guard isDraining, connections.isEmpty, let whenEmpty else { return }
        self.whenEmpty = nil
        stop()
        whenEmpty()
    }
}

extension EventLoop {
    /// Sees to it that the timer fires no later than a little after the deadline.
    ///
    /// Deadlines move with every request; the timer is set again only when one lies well before it, and otherwise finds
    /// out when it fires.
    func require(wakeUpBy deadline: UInt64) {
        guard deadline < timerDeadline else { return }
        arm(deadline)
    }

    private func arm(_ deadline: UInt64) {
        timerDeadline = deadline
        let timer = self.timer ?? makeTimer()
        // A little late on purpose: the coarse clock lags by up to 4 ms.
        let delay = Int(min(deadline > now ? deadline - now : 0, 3_600_000_000_000)) + 5_000_000
        timer.schedule(deadline: .now() + .nanoseconds(delay), leeway: .milliseconds(10))
    }

    private func makeTimer() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [self] in handleTimer() }
        timer.activate()
        self.timer = timer
        return timer
    }

    private func handleTimer() {
        counters.wakeUps.wrappingAdd(1, ordering: .relaxed)
        now = SystemCall.coarseNanoseconds()
        timerDeadline = .max
        var earliest = UInt64.max
        for connection in Array(connections.values) {
            if connection.deadline <= now {
                connection.handleDeadline()
                connection.drive()
            }
            earliest = min(earliest, connection.deadline)
        }
        if earliest < timerDeadline { arm(earliest) }
    }
}

/// Takes an array out and leaves an empty one behind, without copying.
private func exchangeArray<Element>(_ array: inout [Element]) -> [Element] {
    var taken: [Element] = []
    swap(&taken, &array)
    return taken
}
