package import Budgets
internal import Dispatch
internal import Synchronization
internal import Threads

/// Read-only connections, each with its own thread, so that several reads and a write run at the same time.
///
/// No read waits long for other reads. One of several readers serves only cheap reads. The others serve the peers in turn,
/// and the callers of one peer in turn. A read that uses more processor time than `ReadLimits.workBeforeLong` is long:
/// it continues at a low priority on its thread, and a new thread serves the short reads instead. If the largest
/// allowed number of long reads runs already, the read is ended and queued, and starts again later.
///
/// The class is not generic, because the type look-ups of an unspecialised generic class took longer than a cheap read.
package final class ReaderPool: Sendable {
    let state: Mutex<State>
    let cutoff = ReadCutoff()
    private let limits: ReadLimits
    /// The budget of reads that wait for a reader.
    private let queue: Budget
    private let open: @Sendable () throws -> any ReaderContext

    /// Creates the pool; threads and connections are created when they are first needed.
    /// - Parameters:
    ///   - count: the number of readers for short reads, at least 1; if there are 2 or more, one serves only cheap
    ///     reads.
    ///   - queue: the budget of reads that wait for a reader; when it is used up, `submit` throws `.overloaded`.
    ///   - contention: tells whether several clients send requests; while they do, each peer gets at most one of the readers that
    ///     serve more than cheap reads, and none of these for cheap reads while the other reader runs a cheap read of the peer.
    ///   - open: opens a reader's connection and returns its context, always of the same type; if it throws, the read fails, and the
    ///     next read calls it again.
    package init(
        count: Int,
        queue: Budget,
        limits: ReadLimits = .init(),
        contention: Contention = Contention(),
        open: @escaping @Sendable () throws -> any ReaderContext
    ) {
        precondition(count > 0, "a pool needs at least 1 reader, got \(count)")
        state = Mutex(State(readers: count, longReads: limits.longReads, contention: contention))
        self.queue = queue
        self.limits = limits
        self.open = open
    }

    /// Runs `work` on a reader, then `completion` with its result on a reader's thread.
    ///
    /// Returns at once. `completion` also gets the errors of `work` and of opening the connection. A transaction that
    /// `work` leaves open is rolled back. `work` does not run if the caller has disconnected by then.
    /// - Parameters:
    ///   - work: gets the context made by `open`. It may run several times, so its only effect must be its result.
    ///   - effort: the sum of the processor times of several reads, which `ReadLimits.work` limits together.
    /// - Throws: `.overloaded` or `.closed`; then neither closure is called.
    package func submit<Context: ReaderContext, Value: Sendable>(
        _ work: @escaping @Sendable (Context) throws -> Value,
        cost: ReadCost = .expensive,
        for caller: Caller = .server,
        effort: ReadEffort? = nil,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) throws(SubmissionError) {
        let job = ReaderJob(
            cost: cost,
            caller: caller,
            effort: effort,
            run: { context in
                guard let context = context as? Context else {
                    preconditionFailure("the pool opens \(type(of: context)) and not \(Context.self)")
                }
                let value = try work(context)
                return { completion(.success(value)) }
            },
            fail: { completion(.failure($0)) }
        )
        switch try assign(job) {
        case .toReader(let reader): reader.wake.signal()
        case .needsReader(let kind): startReader(kind)
        case .queued: break
        }
    }

    private enum Assignment {
        case toReader(Reader)
        case needsReader(Reader.Kind)
        case queued
    }

    private func assign(_ job: ReaderJob) throws(SubmissionError) -> Assignment {
        let assignment: Result<Assignment, SubmissionError> = state.withLock { state in
            guard !state.isClosed else { return .failure(.closed) }
            if let reader = state.takeIdleReader(for: job) { return .success(.toReader(reader)) }
            guard queue.take(1, for: job.caller.client) else { return .failure(.overloaded) }
            var job = job
            job.countsAsWaiting = true
            state.queues.append(job)
            return .success(state.reserveReader(for: job.cost).map { .needsReader($0) } ?? .queued)
        }
        return try assignment.get()
    }

    /// Starts a reader that the state counts already.
    ///
    /// - Returns: false if no thread could be started; the reader is then not counted any more.
    @discardableResult
    func startReader(_ kind: Reader.Kind) -> Bool {
        let reader = Reader(kind: kind, limits: limits, cutoff: cutoff, open: open) { [weak self] reader in
            self?.decideOnLongRead(reader) ?? .continuesUnchanged
        }
        let number = state.withLock { $0.add(reader) }
        if reader.start(named: "reader-\(number)", { [self] in serve(on: reader) }) { return true }
        for job in state.withLock({ $0.removeUnstarted(reader) }) { refuse(job, .overloaded) }
        return false
    }

    /// Makes a job fail that has not run.
    func refuse(_ job: ReaderJob, _ error: SubmissionError) {
        stopCountingAsWaiting(job)
        job.fail(error)
    }

    private func stopCountingAsWaiting(_ job: ReaderJob) {
        if job.countsAsWaiting { queue.giveBack(1, for: job.caller.client) }
    }

    /// Runs the reader's tasks; called on the reader's thread.
    private func serve(on reader: Reader) {
        while let task = nextTask(for: reader) {
            switch task {
            case .deliver(let deliver): deliver()
            case .releaseMemory: reader.releaseMemory()
            case .perform(let job):
                stopCountingAsWaiting(job)
                finish(job, job.caller.hasLeft ? notBegun : reader.perform(job), on: reader)
            }
        }
    }

    private var notBegun: Reader.Outcome { .failed(ReadEnded(reason: .callerLeft, limits: limits), .callerLeft) }

    /// Waits for the reader's next task; nil if its thread must end.
    private func nextTask(for reader: Reader) -> ReaderTask? {
        while true {
            let (task, isDone) = state.withLock { state in
                let task = state.nextTask(for: reader)
                return (task, task == nil && state.retireOrWait(reader))
            }
            if task != nil || isDone { return task }
            reader.wake.wait()
        }
    }

    private func finish(_ job: ReaderJob, _ outcome: Reader.Outcome, on reader: Reader) {
        switch outcome {
        case .answered(let deliver): handOver(deliver, from: reader)
        case .failed(let error, let reason):
            if let reason { state.withLock { $0.statistics.countEnd(reason) } }
            handOver({ job.fail(error) }, from: reader)
        case .mustRestart: queueAgain(job, isLong: true)
        case .cutOff:
            var job = job
            job.wasCutOff = true
            queueAgain(job, isLong: reader.kind == .long)
        }
    }

    /// Calls `deliver`, on a reader of ordinary priority if this one is for long reads and there is another.
    private func handOver(_ deliver: @escaping @Sendable () -> Void, from reader: Reader) {
        guard reader.kind == .long, let other = state.withLock({ $0.queueDelivery(deliver) }) else { return deliver() }
        other?.wake.signal()
    }

    private func queueAgain(_ job: ReaderJob, isLong: Bool) {
        var job = job
        job.countsAsWaiting = false
        let isQueued = state.withLock { $0.queueAgain(job, isLong: isLong) }
        if !isQueued { job.fail(SubmissionError.closed) }
    }

    /// Decides what happens to a read that has become long, and starts the readers that must replace its reader.
    private func decideOnLongRead(_ reader: Reader) -> ReadWatch.LongReadDecision {
        let former = reader.kind
        let vacancies = state.withLock { $0.makeLong(reader) }
        guard let vacancies else { return .mustRestart }
        let areFilled = vacancies.map { startReader($0) }
        guard areFilled.first ?? true || !state.withLock({ $0.makeShortIfAlone(reader, former) }) else {
            return .continuesUnchanged
        }
        SystemThread.lowerPriority()
        return .continuesAtLowPriority
    }
}
