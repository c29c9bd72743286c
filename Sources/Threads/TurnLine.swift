/// A queue of work that is taken in turn from those who have sent it; the work of each stays in order.
struct TurnLine {
    /// Whose work it is: any number that stands for the sender.
    typealias Sender = Int

    private var lines: [Sender: WorkLine] = [:]
    /// Those whose work waits, in the order of their turns.
    private var turns: [Sender] = []
    private var running: [Sender: Int] = [:]
    private(set) var count = 0

    mutating func append(_ work: @escaping @Sendable () -> Void, of sender: Sender) {
        if lines[sender] == nil { turns.append(sender) }
        lines[sender, default: WorkLine()].append(work)
        count += 1
    }

    /// Takes the next piece of work, which counts as running until `end`.
    ///
    /// - Parameter share: who has so many pieces running is passed over, except 0, which stands for all who are not told
    ///   apart.
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
}
