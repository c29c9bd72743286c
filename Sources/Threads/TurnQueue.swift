/// A queue of work in which senders have turns; the work of each sender stays in order.
struct TurnQueue {
    /// A number for the sender of a piece of work; 0 for all senders that are not distinguished.
    typealias Sender = Int

    private var queues: [Sender: FIFOQueue<@Sendable () -> Void>] = [:]
    /// The senders whose work waits, in the order of their turns.
    private var turns: [Sender] = []
    /// The number of running pieces of work of each sender.
    private var running: [Sender: Int] = [:]
    private(set) var count = 0

    mutating func append(_ work: @escaping @Sendable () -> Void, of sender: Sender) {
        if queues[sender] == nil { turns.append(sender) }
        queues[sender, default: FIFOQueue()].append(work)
        count += 1
    }

    /// Removes and returns the next piece of work, which counts as running until `end` is called; nil if there is none.
    ///
    /// - Parameter share: a sender with this many running pieces is skipped, except the sender 0.
    mutating func popFirst(share: Int) -> (work: @Sendable () -> Void, sender: Sender)? {
        guard let index = turns.firstIndex(where: { $0 == 0 || running[$0, default: 0] < share }) else { return nil }
        let sender = turns.remove(at: index)
        guard let work = queues[sender]?.popFirst() else { return nil }
        if queues[sender]?.isEmpty == true { queues[sender] = nil } else { turns.append(sender) }
        running[sender, default: 0] += 1
        count -= 1
        return (work, sender)
    }

    mutating func end(_ sender: Sender) {
        let left = running[sender, default: 1] - 1
        running[sender] = left == 0 ? nil : left
    }

    /// Counts a piece of work as running again; `end` was called for it when it began to wait.
    mutating func resume(_ sender: Sender) { running[sender, default: 0] += 1 }
}
