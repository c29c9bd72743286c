import Budgets

/// The connections of an event loop that wait because their clients have used more than their shares of the server's time.
///
/// The connections of each client go on in the order in which they began to wait.
struct RestingConnections {
    private struct Line {
        let share: TimeShare
        var waiting: [ConnectionID] = []
        /// The index in `waiting` of the next connection.
        var next = 0
    }

    private var lines: [Int: Line] = [:]

    var isEmpty: Bool { lines.isEmpty }

    /// Whether connections of the client with this number wait.
    func contains(turn: Int) -> Bool { !lines.isEmpty && lines[turn] != nil }

    mutating func append(_ id: ConnectionID, of share: TimeShare, turn: Int) {
        lines[turn, default: Line(share: share)].waiting.append(id)
    }

    /// The numbers of the clients whose connections wait.
    var turns: [Int] { Array(lines.keys) }

    /// Removes and returns the next connection of a client, with the step that begins; nil if none waits or it must still
    /// wait.
    mutating func next(turn: Int) -> (id: ConnectionID, step: TimeShare.Step)? {
        guard var line = lines[turn], let step = line.share.begin() else { return nil }
        let id = line.waiting[line.next]
        line.next += 1
        lines[turn] = line.next < line.waiting.count ? line : nil
        return (id, step)
    }

    /// Removes and returns all connections.
    mutating func removeAll() -> [ConnectionID] {
        defer { lines = [:] }
        return lines.values.flatMap { $0.waiting[$0.next...] }
    }
}
