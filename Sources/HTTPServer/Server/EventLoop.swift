import Budgets
import Files
import Glibc
import HTTPWire
import Synchronization
import Threads

/// Names a connection for as long as the process lives; never used twice.
typealias ConnectionID = UInt64

/// What other threads tell a loop.
enum LoopMessage: Sendable {
    case adopt(Int32, Holding, Peer)
    case answer(ConnectionID, exchange: UInt64, HTTPResponse)
    /// Makes a short answer, which then comes as a message of its own.
    case make(ConnectionID, @Sendable () -> Void)
    case opened(ConnectionID, exchange: UInt64, (any HTTPBodyReceiver)?)
    case pumped(ConnectionID, UploadPump.Outcome)
    case fileSent(ConnectionID, count: Int, Transfer)
    case produced(ConnectionID, [UInt8]?, hasMore: Bool)
    /// Its memory has been given to others.
    case giveWay(ConnectionID, exchange: UInt64)
    /// Connections are short: the one that has been idle longest, and no less than that, is to end.
    case closeLongestIdle(atLeast: Duration)
    case drain(within: Duration, whenEmpty: @Sendable () -> Void)
}

/// A serial queue with an epoll instance of its own, serving many connections.
///
/// The mailbox needs no bound of its own: a connection has at most one job and one answer under way, so that it holds a
/// few messages for each connection, and those are counted.
final class EventLoop: @unchecked Sendable {
    // Unchecked because everything but the mailbox and the constants is touched on the loop's thread only.
    private struct Mailbox {
        var messages: [LoopMessage] = []
        /// Somebody is going to look, or is looking: no wake-up is needed.
        var isAttended = false
    }

    let configuration: HTTPServer.Configuration
    let router: HTTPRouter
    let shared: SharedParts
    let responseFields: CommonFields

    private let name: String
    private let epoll: Epoll
    private let wakeUpCall: WakeUpCall
    private let mailbox = Mutex(Mailbox())
    private var connections: [ConnectionID: ServerConnection] = [:]
    private var nextConnection: ConnectionID = 0
    private var whenEmpty: (@Sendable () -> Void)?
    private var hasEnded = false
    private(set) var isDraining = false
    /// When, of a shutdown, bodies that are still arriving are refused, and when all that is left is cut.
    private var refusal = UInt64.max
    private var cut = UInt64.max
    var date = DateLine()
    private var timerDeadline = UInt64.max
    /// Read once per batch, so that time-outs cost no system call each.
    private(set) var now = SystemCall.coarseNanoseconds()

    private static let wakeUpToken = ConnectionID.max

    init(
        index: Int,
        configuration: HTTPServer.Configuration,
        router: HTTPRouter,
        shared: SharedParts
    ) throws(HTTPServerError) {
        self.configuration = configuration
        self.router = router
        self.shared = shared
        name = "http.loop.\(index)"
        responseFields = CommonFields(configuration)
        epoll = try Epoll()
        wakeUpCall = try WakeUpCall()
        guard epoll.add(wakeUpCall.rawValue, token: Self.wakeUpToken) else {
            throw HTTPServerError(message: "an event loop cannot watch for messages")
        }
    }

    /// False where the system has no thread for it.
    func start() -> Bool {
        LoopQueue.start(name: name) { [self] in
            while !hasEnded { turn() }
        }
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
        if mustWake { wakeUpCall.ring() }
    }

    /// Waits for events, messages or a deadline, and handles what has come.
    private func turn() {
        epoll.poll(waiting: millisecondsToWait, awake: attend) { event in
            guard let connection = connections[event.token] else { return }
            connection.handle(event)
            connection.drive()
        }
        handleMessages()
        // Whoever waits for the processor goes first, so that the next wait finds more at once: with 64 connections beside
        // their client on two cores this is a third more requests, and a lone client does not notice.
        sched_yield()
        if timerDeadline <= now { handleTimer() }
    }

    private func attend() {
        shared.counters.wakeUps.wrappingAdd(1, ordering: .relaxed)
        now = SystemCall.coarseNanoseconds()
        mailbox.withLock { $0.isAttended = true }
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
        case .adopt(let descriptor, let place, let peer): adopt(descriptor, place, peer)
        case .answer(let id, let exchange, let response):
            with(id) { $0.takeAnswer(response, exchange: exchange) }
        case .make(let id, let work): if connections[id] != nil { work() }
        case .opened(let id, let exchange, let receiver):
            with(id) { $0.takeReceiver(receiver, exchange: exchange) }
        case .pumped(let id, let outcome): with(id) { $0.takePumpOutcome(outcome) }
        case .fileSent(let id, let count, let outcome): with(id) { $0.takeFileProgress(count, outcome) }
        case .produced(let id, let bytes, let hasMore): with(id) { $0.takePiece(bytes, hasMore: hasMore) }
        case .giveWay(let id, let exchange): with(id) { $0.giveWay(exchange: exchange) }
        case .closeLongestIdle(let span): closeLongestIdle(atLeast: span)
        case .drain(let limit, let whenEmpty): drain(within: limit, whenEmpty)
        }
    }

    private func with(_ id: ConnectionID, _ body: (ServerConnection) -> Void) {
        guard let connection = connections[id] else { return }
        body(connection)
        connection.drive()
    }

    private func adopt(_ descriptor: Int32, _ place: Holding, _ peer: Peer) {
        let id = nextConnection
        nextConnection += 1
        let connection = ServerConnection(
            id: id,
            descriptor: Descriptor(owning: descriptor),
            place: place,
            peer: peer,
            loop: self
        )
        guard !isDraining, epoll.add(descriptor, token: id) else {
            shared.counters.openConnections.wrappingSubtract(1, ordering: .relaxed)
            return
        }
        connections[id] = connection
        connection.begin()
    }

    var servesOneConnection: Bool { connections.count == 1 }

    /// Lets go of a closed connection; its descriptor closes with it.
    func remove(_ id: ConnectionID) {
        guard connections.removeValue(forKey: id) != nil else { return }
        shared.counters.openConnections.wrappingSubtract(1, ordering: .relaxed)
        endIfEmpty()
    }

    private func closeLongestIdle(atLeast span: Duration) {
        let latest = now &- min(span.nanoseconds, now)
        let idle = connections.values.filter { $0.isBetweenRequests && $0.idleSince <= latest }
        idle.min { $0.idleSince < $1.idleSince }?.close()
    }
}

/// The end of a loop.
extension EventLoop {
    /// How long before everything is cut those who still send a body are told to come again.
    private static let refusalLead: UInt64 = 500_000_000

    private func drain(within limit: Duration, _ whenEmpty: @escaping @Sendable () -> Void) {
        isDraining = true
        self.whenEmpty = whenEmpty
        cut = now &+ min(limit.nanoseconds, 3_600_000_000_000)
        refusal = cut &- min(Self.refusalLead, limit.nanoseconds)
        require(wakeUpBy: refusal)
        require(wakeUpBy: cut)
        for connection in Array(connections.values) { connection.drain() }
        endIfEmpty()
    }

    private func endIfEmpty() {
        guard isDraining, connections.isEmpty, let whenEmpty else { return }
        self.whenEmpty = nil
        hasEnded = true
        whenEmpty()
    }

    private func cutWhatIsLeft() {
        if refusal <= now {
            refusal = .max
            for connection in Array(connections.values) {
                connection.refuseBody()
                connection.drive()
            }
        }
        if cut <= now {
            cut = .max
            for connection in Array(connections.values) { connection.close() }
        }
    }
}

extension EventLoop {
    /// Sees to it that the loop wakes up no later than a little after the deadline.
    ///
    /// Deadlines move with every request; those that have been passed by are found out when the loop wakes up.
    func require(wakeUpBy deadline: UInt64) {
        if deadline < timerDeadline { timerDeadline = deadline }
    }

    private var millisecondsToWait: Int32 {
        if timerDeadline == .max { return -1 }
        let time = SystemCall.coarseNanoseconds()
        let left = timerDeadline > time ? timerDeadline - time : 0
        // A little late on purpose: the coarse clock lags by up to 4 ms.
        return Int32(min(left / 1_000_000, 3_600_000)) + 5
    }

    private func handleTimer() {
        timerDeadline = .max
        cutWhatIsLeft()
        var earliest = min(refusal, cut)
        for connection in Array(connections.values) {
            if connection.deadline <= now {
                connection.handleDeadline()
                connection.drive()
            }
            earliest = min(earliest, connection.deadline)
        }
        require(wakeUpBy: earliest)
    }
}

/// Takes an array out and leaves an empty one behind, without copying.
private func exchangeArray<Element>(_ array: inout [Element]) -> [Element] {
    var taken: [Element] = []
    swap(&taken, &array)
    return taken
}
