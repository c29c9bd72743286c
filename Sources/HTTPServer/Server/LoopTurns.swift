import Threads

/// The clients of one event loop, and their connections that let other clients go first.
///
/// While several clients send requests, a client must wait if it has lately used more than one and a half times as much of the
/// loop's time as the average client: the loop serves the client's connections after all others, and for at most half of the
/// time. So a request of another client waits for one of these connections, and not for all of them.
struct LoopTurns {
    /// How long waiting connections are served before the loop polls its sockets again, in nanoseconds.
    static let longestRun: UInt64 = 500_000
    /// The connections of a client that has lately used less time than this, in nanoseconds, never wait.
    private static let freeTime: UInt64 = 4_000_000
    /// The period, in nanoseconds, after which all used times are halved.
    private static let halfLife: UInt64 = 32_000_000
    /// A client that has lately used less time than this, in nanoseconds, is forgotten.
    private static let forgottenTime: UInt64 = 20_000

    /// The time that each client has used lately, by the client's number (`Caller.clientNumber`).
    private var used: [Int: UInt64] = [:]
    private var totalUsed: UInt64 = 0
    private var nextHalving: UInt64 = 0
    private var waiting = FIFOQueue<ConnectionID>()
    /// The time before which no waiting connection is served.
    private(set) var due: UInt64 = 0

    var isEmpty: Bool { waiting.isEmpty }
    var count: Int { waiting.count }

    /// Whether the connections of this client must let others go first.
    func mustWait(_ client: Int) -> Bool {
        guard let own = used[client], own > Self.freeTime else { return false }
        return 2 * own * UInt64(used.count) > 3 * totalUsed
    }

    /// Adds time that the loop has worked for a client.
    mutating func add(_ time: UInt64, for client: Int, at now: UInt64) {
        if nextHalving <= now { halve(at: now) }
        used[client, default: 0] += time
        totalUsed += time
    }

    private mutating func halve(at now: UInt64) {
        // After a long pause all clients are forgotten.
        let mustForget = nextHalving + 8 * Self.halfLife <= now
        nextHalving = now + Self.halfLife
        used = mustForget ? [:] : used.mapValues { $0 / 2 }.filter { $0.value >= Self.forgottenTime }
        totalUsed = used.values.reduce(0, +)
    }

    mutating func append(_ connection: ConnectionID) { waiting.append(connection) }

    mutating func popFirst() -> ConnectionID? { waiting.popFirst() }

    /// Records that waiting connections were served; from `end` on, none of them is served for as long as this took.
    mutating func recordRun(from start: UInt64, to end: UInt64) { due = end + (end - start) }
}
