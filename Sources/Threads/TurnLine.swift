/// A queue of work in which senders have turns; the work of each sender stays in order.
struct TurnLine {
    /// A number for the sender of a piece of work; 0 for all senders that are not distinguished.
    typealias Sender = Int

    private var lines: [Sender: WorkLine] = [:]
    /// The senders whose work waits, in the order of their turns.
    private var turns: [Sender] = []
    private var running: [Sender: Int] = [:]
    private(set) var count = 0

    mutating func append(_ work: @escaping @Sendable () -> Void, of sender: Sender) {
        if lines[sender] == nil { turns.append(sender) }
        lines[sender, default: WorkLine()].append(work)
        count += 1
    }

    /// Removes and returns the next piece of work, which counts as running until `end` is called; nil if there is none.
    ///
    /// - Parameter share: a sender with this many running pieces is passed over, except the sender 0.
    mutating func take(share: Int) -> (work: @Sendable () -> Void, sender: Sender)? {
        guard let index = turns.firstIndex(where: { $0 == 0 || running[$0, default: 0] < share }) else { return nil }
        let sender = turns.remove(at: index)
        guard let work = lines[sender]?.take() else { return nil }
        if lines[sender]?.count == 0 { lines[sender] = nil } else { turns.append(sender) }
        running[sender, default: 0] += 1
        count -= 1
        return (work, sender)
    }

    mutating func end(_ sender: Sender) {
        let left = running[sender, default: 1] - 1
        running[sender] = left == 0 ? nil : left
    }

    /// Notes that work goes on for which `end` was called while it waited.
    mutating func resume(_ sender: Sender) { running[sender, default: 0] += 1 }
}
