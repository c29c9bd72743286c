internal import Budgets

/// The queues of waiting reads: one for each `ReadCost`, and one for long reads.
struct ReaderQueues {
    var cheap = FairQueue()
    var continued = FairQueue()
    var expensive = FairQueue()
    /// Reads that have become long, and start again.
    var long = FairQueue()

    var isEmpty: Bool { cheap.isEmpty && continued.isEmpty && expensive.isEmpty && long.isEmpty }

    mutating func append(_ job: ReaderJob) {
        switch job.cost {
        case .cheap: cheap.append(job)
        case .continued: continued.append(job)
        case .expensive: expensive.append(job)
        }
    }

    /// - Parameter mayRunMore: whether a general reader may run a read of this peer and cost now.
    mutating func popFirst(
        for kind: Reader.Kind,
        onlyCheap: Bool,
        where mayRunMore: (Peer, ReadCost) -> Bool
    ) -> ReaderJob? {
        switch kind {
        case .reserved: return cheap.popFirst()
        case .general:
            let job =
                onlyCheap
                ? nil
                : continued.popFirst { mayRunMore($0, .continued) } ?? expensive.popFirst { mayRunMore($0, .expensive) }
            return job ?? cheap.popFirst { mayRunMore($0, .cheap) }
        case .long: return onlyCheap ? nil : long.popFirst()
        }
    }

    mutating func removeAll() -> [ReaderJob] {
        var jobs: [ReaderJob] = []
        while let job = cheap.popFirst() ?? continued.popFirst() ?? expensive.popFirst() ?? long.popFirst() {
            jobs.append(job)
        }
        return jobs
    }
}
