import Budgets
import Files
import Glibc
import HTTPWire
import Synchronization
import TLS
import Threads

/// Identifies a connection of one event loop; the loop never uses an id again.
typealias ConnectionID = UInt64

/// The messages that other threads send to an event loop.
enum LoopMessage: Sendable {
    /// The loop is to serve an accepted connection, which owns its descriptor and one connection of the budget.
    case adopt(Int32, BudgetReservation, Peer)
    case answer(ConnectionID, exchange: UInt64, HTTPResponse)
    /// Runs a closure that makes a short answer and posts it as a message.
    case makeAnswer(ConnectionID, @Sendable () -> Void)
    /// A route has returned the receiver of a streamed body; nil if the route has answered instead.
    case opened(ConnectionID, exchange: UInt64, (any HTTPBodyReceiver)?)
    /// The decision about a request was `HTTPAdmission.undecided`, and the data that it needs have arrived.
    case dataForDecision(ConnectionID, exchange: UInt64)
    /// A run of an upload pump has ended.
    case pumped(ConnectionID, UploadPump.Outcome)
    /// A worker has sent a part of a file; `count` is its length in bytes.
    case fileSent(ConnectionID, count: Int, Transfer)
    /// A worker has made a piece of a body; nil if the producer threw an error.
    case produced(ConnectionID, [UInt8]?, hasMore: Bool)
    /// The memory of this connection's body or answer has been given to other clients.
    case memoryRevoked(ConnectionID, exchange: UInt64)
    /// Connections or descriptors run short: the loop must close the connection that has been idle longest, if it has been idle
    /// for at least this long.
    case closeLongestIdle(atLeast: Duration)
    /// The server stops: the loop must end its connections within a time, and then itself.
    case drain(within: Duration, whenEmpty: @Sendable () -> Void)
}

/// A thread with an epoll instance of its own, which serves many connections.
///
/// The mailbox, to which other threads post messages, needs no limit of its own, because the limit of connections also limits the
/// messages: a connection has at most one running job and one pending answer.
final class EventLoop: @unchecked Sendable {
    // Unchecked because everything but the mailbox and the constants is touched on the loop's thread only.
    private struct Mailbox {
        var messages: [LoopMessage] = []
        /// Whether the loop is about to read the mailbox or is reading it, so that no wake-up is needed.
        var isBeingRead = false
    }

    let configuration: HTTPServer.Configuration
    let router: HTTPRouter
    let shared: SharedResources
    let responseFields: CommonFields

    private let name: String
    private let epoll: Epoll
    private let wakeUpCall: WakeUpCall
    private let mailbox = Mutex(Mailbox())
    private var connections: [ConnectionID: ServerConnection] = [:]
    private var nextConnection: ConnectionID = 0
    private var turns = LoopTurns()
    private var whenEmpty: (@Sendable () -> Void)?
    private var hasEnded = false
    private(set) var isDraining = false
    /// The time at which a shutdown refuses requests whose bodies are still arriving; `.max` for no such time.
    private var refusalTime = UInt64.max
    /// The time at which a shutdown closes all remaining connections; `.max` for no such time.
    private var closingTime = UInt64.max
    var date = DateLine()
    /// The time at which the loop must wake up at the latest; `.max` for no such time.
    private var timerDeadline = UInt64.max
    /// The coarse monotonic time in nanoseconds, read once per batch of events, so that a deadline costs no system call.
    private(set) var now = SystemCall.coarseNanoseconds()

    /// Whether the mailbox may hold messages for which no thread will wake the loop.
    private var mustLookAgain = false

    private static let wakeUpToken = ConnectionID.max
    private static let roundsAtOnce = 4

    init(
        index: Int,
        configuration: HTTPServer.Configuration,
        router: HTTPRouter,
        shared: SharedResources
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

    /// Starts the thread; false when the system cannot create one.
    func start() -> Bool {
        LoopQueue.start(name: name) { [self] in
            while !hasEnded { waitAndHandle() }
        }
    }

    /// Posts a message from any thread.
    ///
    /// Wakes the loop only when it is not already reading its mailbox, so that a group commit that answers 64
    /// connections wakes it once.
    func post(_ message: LoopMessage) {
        let mustWake = mailbox.withLock { mailbox in
            mailbox.messages.append(message)
            if mailbox.isBeingRead { return false }
            mailbox.isBeingRead = true
            return true
        }
        if mustWake { wakeUpCall.ring() }
    }

    /// Waits for events, messages or a deadline, and handles them.
    private func waitAndHandle() {
        epoll.poll(waiting: mustLookAgain ? 0 : millisecondsToWait, awake: didWakeUp) { event in
            guard let connection = connections[event.token] else { return }
            connection.handle(event)
            serve(connection)
        }
        handleMessages()
        if !turns.isEmpty { serveWaiting() }
        // Threads that wait for the processor run first, so that the next wait finds more events at once. With 64
        // connections and their client on the same two cores this gives a third more requests; a single client is not
        // slowed. While several clients send requests, a thread that works for one of them would keep the processor from the
        // others until the next tick of the kernel's clock.
        if !shared.budgets.contention.isPresent { sched_yield() }
        if timerDeadline <= now { handleTimer() }
    }

    private func didWakeUp() {
        shared.counters.wakeUps.wrappingAdd(1, ordering: .relaxed)
        now = SystemCall.coarseNanoseconds()
        mailbox.withLock { $0.isBeingRead = true }
    }

    /// Handles the messages that have been posted, in at most `roundsAtOnce` rounds.
    ///
    /// An answer lets its connection begin the next request, whose answer may be posted at once. The number of rounds is limited
    /// so that a few busy connections do not delay the others: after the last round the loop polls the sockets, without waiting,
    /// before it handles more messages.
    private func handleMessages() {
        mustLookAgain = true
        for _ in 0..<Self.roundsAtOnce {
            let messages = mailbox.withLock { mailbox in
                if mailbox.messages.isEmpty { mailbox.isBeingRead = false }
                defer { mailbox.messages = [] }
                return mailbox.messages
            }
            if messages.isEmpty {
                mustLookAgain = false
                return
            }
            for message in messages { handle(message) }
        }
    }

    private func handle(_ message: LoopMessage) {
        switch message {
        case .adopt(let descriptor, let reservation, let peer): adopt(descriptor, reservation, peer)
        case .answer(let id, let exchange, let response): with(id) { $0.handleAnswer(response, exchange: exchange) }
        case .makeAnswer(let id, let work): if connections[id] != nil { work() }
        case .opened(let id, let exchange, let receiver): with(id) { $0.handleReceiver(receiver, exchange: exchange) }
        case .dataForDecision(let id, let exchange): with(id) { $0.handleDataForDecision(exchange: exchange) }
        case .pumped(let id, let outcome): with(id) { $0.handlePumpOutcome(outcome) }
        case .fileSent(let id, let count, let outcome): with(id) { $0.handleFileProgress(count, outcome) }
        case .produced(let id, let bytes, let hasMore): with(id) { $0.handlePiece(bytes, hasMore: hasMore) }
        case .memoryRevoked(let id, let exchange): with(id) { $0.handleRevokedMemory(exchange: exchange) }
        case .closeLongestIdle(let span): closeLongestIdle(atLeast: span)
        case .drain(let limit, let whenEmpty): beginDraining(within: limit, whenEmpty)
        }
    }

    private func with(_ id: ConnectionID, _ body: (ServerConnection) -> Void) {
        guard let connection = connections[id] else { return }
        body(connection)
        serve(connection)
    }

    private func adopt(_ descriptor: Int32, _ reservation: BudgetReservation, _ peer: Peer) {
        let id = nextConnection
        nextConnection += 1
        guard let channel = channel(owning: descriptor), !isDraining, epoll.add(descriptor, token: id) else {
            shared.counters.openConnections.wrappingSubtract(1, ordering: .relaxed)
            return
        }
        let connection = ServerConnection(id: id, channel: channel, reservation: reservation, peer: peer, loop: self)
        connections[id] = connection
        connection.begin()
    }

    /// A plain channel, or an encrypted one if the server has a certificate; nil if the TLS session cannot be made.
    private func channel(owning rawValue: Int32) -> Channel? {
        let descriptor = Descriptor(owning: rawValue)
        guard let encryption = configuration.encryption else { return Channel(descriptor) }
        return (try? TLSSession(encryption.current, descriptor)).map { Channel(descriptor, $0) }
    }

    var servesOneConnection: Bool { connections.count == 1 }

    /// Removes a closed connection; its descriptor is closed when the last reference is released.
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

/// The turns of the clients of an event loop.
extension EventLoop {
    /// Drives a connection, now or, if its client must let other clients go first, later.
    private func serve(_ connection: ServerConnection) {
        guard shared.budgets.contention.isPresent, !isDraining else { return connection.drive() }
        guard !connection.waitsForTurn else { return }
        guard turns.mustWait(connection.caller.clientNumber) else {
            drive(connection, from: SystemCall.preciseNanoseconds())
            return
        }
        connection.waitsForTurn = true
        turns.append(connection.id)
    }

    /// Drives a connection, and records the time that this took.
    /// - Returns: the time at the end.
    @discardableResult
    private func drive(_ connection: ServerConnection, from start: UInt64) -> UInt64 {
        let client = connection.caller.clientNumber
        connection.drive()
        let end = SystemCall.preciseNanoseconds()
        turns.add(end &- start, for: client, at: end)
        return end
    }

    /// Drives connections that have let others go first: for `LoopTurns.longestRun` or, if their client is now alone, all of
    /// them.
    private func serveWaiting() {
        let isShared = shared.budgets.contention.isPresent && !isDraining
        let start = SystemCall.preciseNanoseconds()
        guard !isShared || turns.due <= start else { return }
        var now = start
        for _ in 0..<turns.count {
            guard let id = turns.popFirst() else { break }
            guard let connection = connections[id] else { continue }
            connection.waitsForTurn = false
            now = drive(connection, from: now)
            if isShared, now - start >= LoopTurns.longestRun { break }
        }
        turns.recordRun(from: start, to: now)
    }
}

/// The shutdown of an event loop.
extension EventLoop {
    /// The time before the end of the shutdown at which clients that are still sending a body are told to send the body
    /// again, in nanoseconds.
    private static let refusalLead: UInt64 = 500_000_000

    private func beginDraining(within limit: Duration, _ whenEmpty: @escaping @Sendable () -> Void) {
        isDraining = true
        self.whenEmpty = whenEmpty
        closingTime = now &+ min(limit.nanoseconds, 3_600_000_000_000)
        refusalTime = closingTime &- min(Self.refusalLead, limit.nanoseconds)
        require(wakeUpBy: refusalTime)
        require(wakeUpBy: closingTime)
        for connection in Array(connections.values) { connection.shortenDeadline() }
        endIfEmpty()
    }

    private func endIfEmpty() {
        guard isDraining, connections.isEmpty, let whenEmpty else { return }
        self.whenEmpty = nil
        hasEnded = true
        whenEmpty()
    }

    private func applyShutdownTimes() {
        if refusalTime <= now {
            refusalTime = .max
            for connection in Array(connections.values) {
                connection.refuseBody()
                connection.drive()
            }
        }
        if closingTime <= now {
            closingTime = .max
            for connection in Array(connections.values) { connection.close() }
        }
    }
}

extension EventLoop {
    /// Makes the loop wake up shortly after the deadline, or earlier.
    ///
    /// Deadlines change with every request. The loop does not remove outdated ones; it ignores them when it wakes up.
    func require(wakeUpBy deadline: UInt64) {
        if deadline < timerDeadline { timerDeadline = deadline }
    }

    private var millisecondsToWait: Int32 {
        if !turns.isEmpty { return 1 }
        if timerDeadline == .max { return -1 }
        let time = SystemCall.coarseNanoseconds()
        let left = timerDeadline > time ? timerDeadline - time : 0
        // The wake-up is deliberately a little late, because the coarse clock lags by up to 4 ms.
        return Int32(min(left / 1_000_000, 3_600_000)) + 5
    }

    private func handleTimer() {
        timerDeadline = .max
        applyShutdownTimes()
        var earliest = min(refusalTime, closingTime)
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
