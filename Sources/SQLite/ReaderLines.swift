internal import Budgets

/// The reads that wait, by what they cost.
struct ReaderLines<Context> {
    var cheap = FairLine<Context>()
    var continued = FairLine<Context>()
    var dear = FairLine<Context>()
    /// Those that have proved to be long.
    var long = FairLine<Context>()

    var isEmpty: Bool { cheap.isEmpty && continued.isEmpty && dear.isEmpty && long.isEmpty }

    mutating func append(_ job: ReaderJob<Context>) {
        switch job.cost {
        case .cheap: cheap.append(job)
        case .continued: continued.append(job)
        case .dear: dear.append(job)
        }
    }

    mutating func popFirst(for place: Reader<Context>.Place) -> ReaderJob<Context>? where Context: ReaderContext {
        switch place {
        case .reserved: cheap.popFirst()
        case .general: continued.popFirst() ?? dear.popFirst() ?? cheap.popFirst()
        case .long: long.popFirst()
        }
    }

    mutating func removeAll() -> [ReaderJob<Context>] {
        var jobs: [ReaderJob<Context>] = []
        while let job = cheap.popFirst() ?? continued.popFirst() ?? dear.popFirst() ?? long.popFirst() {
            jobs.append(job)
        }
        return jobs
    }
}
