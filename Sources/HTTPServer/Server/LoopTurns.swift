/// The clients of one event loop, and their connections that let other clients go first.
///
/// While several clients send requests, the loop serves the connections of a client that has lately used half as much again of
/// the loop's time as the average client only after all others, and for at most half of the time. So a request of another
/// client waits for one connection of such a client, and not for all of them. Clients that use about the same do not wait.
struct LoopTurns {
    /// How long the connections that wait are served before the loop looks for others, in nanoseconds.
    static let longestRun: UInt64 = 500_000
    /// The time in nanoseconds that a client may have used lately before its connections wait.
    private static let freeTime: UInt64 = 4_000_000
    /// The time after which what has been used counts half, in nanoseconds.
    private static let halfLife: UInt64 = 32_000_000
    /// A client that has used less, in nanoseconds, is forgotten.
    private static let forgottenTime: UInt64 = 20_000

    /// The time that each client has used lately, by the client's number (`Caller.turn`).
    private var used: [Int: UInt64] = [:]
    private var total: UInt64 = 0
    private var nextHalving: UInt64 = 0
    private var waiting: [ConnectionID] = []
    /// The index in `waiting` of the next connection.
    private var next = 0
    /// The time before which no waiting connection is served.
    private(set) var due: UInt64 = 0

    var isEmpty: Bool { next == waiting.count }
    var count: Int { waiting.count - next }

    /// Whether the connections of this client must let others go first.
    func mustWait(_ client: Int) -> Bool {
        guard let own = used[client], own > Self.freeTime else { return false }
        return 2 * own * UInt64(used.count) > 3 * total
    }

    /// Adds time that the loop has worked for a client.
    mutating func add(_ time: UInt64, for client: Int, at now: UInt64) {
        if nextHalving <= now { halve(at: now) }
        used[client, default: 0] += time
        total += time
    }

    private mutating func halve(at now: UInt64) {
        // After a long pause nothing counts any more.
        let mustForget = nextHalving + 8 * Self.halfLife <= now
        nextHalving = now + Self.halfLife
        used = mustForget ? [:] : used.mapValues { $0 / 2 }.filter { $0.value >= Self.forgottenTime }
        total = used.values.reduce(0, +)
    }

    mutating func append(_ connection: ConnectionID) { waiting.append(connection) }

    mutating func popFirst() -> ConnectionID? {
        guard next < waiting.count else { return nil }
        defer {
            next += 1
            if next == waiting.count || next >= 1_024 {
                waiting.removeFirst(next)
                next = 0
            }
        }
        return waiting[next]
    }

    /// Records that waiting connections have been served: the next ones wait for as long.
    mutating func rest(from begin: UInt64, to end: UInt64) { due = end + (end - begin) }
}
