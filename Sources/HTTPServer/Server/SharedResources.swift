import Budgets
import HTTPWire
import Threads

/// The counters, threads and budgets that all event loops of a server share.
final class SharedResources: Sendable {
    let counters = ServerCounters()
    /// Threads for work that may block.
    let workers: ThreadPool
    /// Threads for work that may wait for another server; if that server does not answer, the other threads are not affected.
    let apartWorkers: ThreadPool
    /// Threads that make the pieces of long answers and store the pieces of uploads, for which they may use the database and files.
    let makers: ThreadPool
    /// Threads that read large requests, and make and compress long answers; this work never blocks.
    let packers: ThreadPool
    /// The maximum number of answers that wait for a thread of `packers`; each holds up to a megabyte of values.
    static let maximumWaitingAnswers = 32
    let budgets: Budgets
    /// The memory of request bodies that are being collected.
    let bodies: MemoryLedger
    /// The memory of answers that clients have not read to the end yet.
    let answers: MemoryLedger

    init(_ configuration: HTTPServer.Configuration) {
        let limits = configuration.limits
        budgets = configuration.budgets
        let isContended: @Sendable () -> Bool = { [contention = budgets.contention] in contention.isPresent }
        let width = max(1, configuration.workerCount)
        let cores = SystemCall.activeCores()
        // While several clients send requests, the long work of one client uses at most half of the processors.
        let share = max(1, cores / 2)
        workers = ThreadPool(
            name: "http.worker",
            width: width,
            // At least three, because two of them may wait for an issuer of log-ins.
            contendedShare: max(3, width / 4),
            isContended: isContended
        )
        makers = ThreadPool(name: "http.maker", width: width, contendedShare: share, isContended: isContended)
        apartWorkers = ThreadPool(name: "http.apart", width: width)
        packers = ThreadPool(name: "http.packer", width: max(2, cores), contendedShare: share, isContended: isContended)
        let clock = SystemCall.coarseNanoseconds
        bodies = MemoryLedger(budget: budgets.bodyBytes, pace: limits.bodyPace, clock: clock)
        answers = MemoryLedger(budget: budgets.answerBytes, pace: limits.answerPace, clock: clock)
    }
}
