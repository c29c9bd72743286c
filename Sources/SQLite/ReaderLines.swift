internal import Budgets

/// The queues of waiting reads, one for each cost and one for long reads.
struct ReaderLines {
    var cheap = FairLine()
    var continued = FairLine()
    var dear = FairLine()
    /// Reads that have become long.
    var long = FairLine()

    var isEmpty: Bool { cheap.isEmpty && continued.isEmpty && dear.isEmpty && long.isEmpty }

    mutating func append(_ job: ReaderJob) {
        switch job.cost {
        case .cheap: cheap.append(job)
        case .continued: continued.append(job)
        case .dear: dear.append(job)
        }
    }

    mutating func popFirst(for place: Reader.Place, onlyCheap: Bool) -> ReaderJob? {
        switch place {
        case .reserved: cheap.popFirst()
        case .general: (onlyCheap ? nil : continued.popFirst() ?? dear.popFirst()) ?? cheap.popFirst()
        case .long: onlyCheap ? nil : long.popFirst()
        }
    }

    mutating func removeAll() -> [ReaderJob] {
        var jobs: [ReaderJob] = []
        while let job = cheap.popFirst() ?? continued.popFirst() ?? dear.popFirst() ?? long.popFirst() {
            jobs.append(job)
        }
        return jobs
    }
}
