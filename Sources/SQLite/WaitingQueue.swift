internal import Budgets
internal import Threads

/// A queue whose elements are removed one at a time.
protocol WaitingQueue {
    associatedtype Element

    init()
    var isEmpty: Bool { get }
    mutating func popFirst() -> Element?
}

extension FIFOQueue: WaitingQueue {}

/// A queue of inner queues, which yield one element each, in turn, until they are empty.
struct RoundRobinQueue<Key: Hashable, Inner: WaitingQueue>: WaitingQueue {
    private var turns = FIFOQueue<Key>()
    private var queues: [Key: Inner] = [:]

    init() {}

    var isEmpty: Bool { turns.isEmpty }

    mutating func append(for key: Key, _ append: (inout Inner) -> Void) {
        if queues[key] == nil { turns.append(key) }
        append(&queues[key, default: Inner()])
    }

    mutating func popFirst() -> Inner.Element? { popFirst { _ in true } }

    /// Removes the first element of the next inner queue, in turn, whose key satisfies `mayBeNext`; nil if there is none.
    mutating func popFirst(where mayBeNext: (Key) -> Bool) -> Inner.Element? {
        for _ in 0..<queues.count {
            guard let key = turns.popFirst() else { return nil }
            guard mayBeNext(key) else {
                turns.append(key)
                continue
            }
            let element = queues[key]?.popFirst()
            if queues[key]?.isEmpty ?? true { queues[key] = nil } else { turns.append(key) }
            return element
        }
        return nil
    }
}

/// The waiting reads: each peer in turn yields one, and the callers of one peer yield its reads in turn.
struct FairQueue: WaitingQueue {
    private var peers = RoundRobinQueue<Peer, RoundRobinQueue<ObjectIdentifier, FIFOQueue<ReaderJob>>>()
    private(set) var count = 0

    init() {}

    var isEmpty: Bool { count == 0 }

    mutating func append(_ job: ReaderJob) {
        count += 1
        peers.append(for: job.caller.client) { callers in
            callers.append(for: ObjectIdentifier(job.caller)) { $0.append(job) }
        }
    }

    mutating func popFirst() -> ReaderJob? { popFirst { _ in true } }

    /// Removes the next read whose peer satisfies `mayBeNext`; nil if there is none.
    mutating func popFirst(where mayBeNext: (Peer) -> Bool) -> ReaderJob? {
        guard let job = peers.popFirst(where: mayBeNext) else { return nil }
        count -= 1
        return job
    }
}
