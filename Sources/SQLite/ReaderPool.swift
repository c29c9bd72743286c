package import Budgets
internal import Dispatch
internal import Synchronization
internal import Threads

/// Read-only connections, each with a thread of its own, so that reads run beside each other and beside the writer.
///
/// Nobody waits long for others. Cheap reads have a reader that serves nothing else. The other readers serve peers in
/// turn, and the callers of one peer in turn. A read that uses more processor time than `ReadLimits.workBeforeLong` leaves
/// its place: it goes on at a low priority, on its own thread, while a fresh thread takes the place; and where as many long
/// reads run as may run at once, it begins again when its turn comes.
///
/// Not generic: other modules could not be given a specialised copy, and looking up the types of its lines within the lock
/// took more time than a cheap read.
package final class ReaderPool: Sendable {
    let state: Mutex<State>
    let recall = ReadRecall()
    private let limits: ReadLimits
    private let queue: Budget
    private let open: @Sendable () throws -> any ReaderContext

    /// Makes the pool; threads and connections are made when they are first needed.
    /// - Parameters:
    ///   - count: readers, at least 1; with 2 or more, one of them serves cheap reads alone. Long reads come on top.
    ///   - queue: places of jobs that wait for a reader; beyond it `submit` throws `.overloaded`.
    ///   - open: makes one reader's connection and context, always of one type; called again for that reader if it throws.
    package init(
        count: Int,
        queue: Budget,
        limits: ReadLimits = .init(),
        open: @escaping @Sendable () throws -> any ReaderContext
    ) {
        precondition(count > 0, "a pool needs at least 1 reader, got \(count)")
        state = Mutex(State(readers: count, longReads: limits.longReads))
        self.queue = queue
        self.limits = limits
        self.open = open
    }

    /// Runs `work` on a reader and then `completion` with its outcome, on a reader's thread.
    ///
    /// Returns at once. An error of opening the connection arrives in `completion`, as does what `work` throws; a
    /// transaction that `work` leaves open is rolled back. A read whose caller has left is not begun.
    /// - Parameters:
    ///   - work: gets what `open` makes; may run again from its beginning, so it must not have effects elsewhere before it
    ///     returns.
    ///   - effort: counts the work of several reads together.
    /// - Throws: `.overloaded` or `.closed`; then neither closure is called.
    package func submit<Context: ReaderContext, Value: Sendable>(
        _ work: @escaping @Sendable (Context) throws -> Value,
        cost: ReadCost = .dear,
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
        switch try place(job) {
        case .given(let reader): reader.wake.signal()
        case .needsReader(let place): startReader(in: place)
        case .queued: break
        }
    }

    private enum Placement {
        case given(Reader)
        case needsReader(Reader.Place)
        case queued
    }

    private func place(_ job: ReaderJob) throws(SubmissionError) -> Placement {
        let placement: Result<Placement, SubmissionError> = state.withLock { state in
            guard !state.isClosed else { return .failure(.closed) }
            if let reader = state.takeIdleReader(for: job.cost) {
                reader.job = job
                return .success(.given(reader))
            }
            guard queue.take(1, for: job.caller.peer) else { return .failure(.overloaded) }
            var job = job
            job.holdsPlace = true
            state.lines.append(job)
            return .success(state.claimPlace(for: job.cost).map { .needsReader($0) } ?? .queued)
        }
        return try placement.get()
    }

    /// Starts a reader in a place that has been claimed.
    ///
    /// - Returns: false when there is no thread for it; the place is free again.
    @discardableResult
    func startReader(in place: Reader.Place) -> Bool {
        let reader = Reader(place: place, limits: limits, recall: recall, open: open) { [weak self] reader in
            self?.turnLong(reader) ?? .stays
        }
        let number = state.withLock { $0.add(reader) }
        if reader.start(named: "reader-\(number)", { [self] in serve(on: reader) }) { return true }
        for job in state.withLock({ $0.giveUp(reader) }) { refuse(job, .overloaded) }
        return false
    }

    /// Answers a job that was never begun.
    func refuse(_ job: ReaderJob, _ error: SubmissionError) {
        giveBackPlace(of: job)
        job.fail(error)
    }

    private func giveBackPlace(of job: ReaderJob) {
        if job.holdsPlace { queue.giveBack(1, for: job.caller.peer) }
    }

    // MARK: On a reader's thread

    private func serve(on reader: Reader) {
        while let task = nextTask(for: reader) {
            switch task {
            case .deliver(let deliver): deliver()
            case .releaseMemory: reader.releaseMemory()
            case .perform(let job):
                giveBackPlace(of: job)
                settle(job, job.caller.hasLeft ? notBegun : reader.perform(job), on: reader)
            }
        }
    }

    private var notBegun: Reader.Outcome {
        .failed(ReadEnded(reason: .callerLeft, limits: limits), .callerLeft)
    }

    /// What the reader does next, for which it waits; nil: its thread ends.
    private func nextTask(for reader: Reader) -> ReaderTask? {
        while true {
            let (task, isDone) = state.withLock { state in
                let task = state.nextTask(for: reader)
                return (task, task == nil && state.retires(reader))
            }
            if task != nil || isDone { return task }
            reader.wake.wait()
        }
    }

    private func settle(_ job: ReaderJob, _ outcome: Reader.Outcome, on reader: Reader) {
        switch outcome {
        case .answered(let deliver): handOver(deliver, from: reader)
        case .failed(let error, let reason):
            if let reason { state.withLock { $0.statistics.countEnd(reason) } }
            handOver({ job.fail(error) }, from: reader)
        case .moved: queueAgain(job, isLong: true)
        case .recalled:
            var job = job
            job.wasRecalled = true
            queueAgain(job, isLong: reader.place == .long)
        }
    }

    private func handOver(_ deliver: @escaping @Sendable () -> Void, from reader: Reader) {
        guard reader.place == .long, let other = state.withLock({ $0.takeDelivery(deliver) }) else { return deliver() }
        other?.wake.signal()
    }

    private func queueAgain(_ job: ReaderJob, isLong: Bool) {
        var job = job
        job.holdsPlace = false
        let isQueued = state.withLock { $0.queueAgain(job, isLong: isLong) }
        if !isQueued { job.fail(SubmissionError.closed) }
    }

    /// Lets a read go on beside those that are short, if so many long ones do not run yet.
    private func turnLong(_ reader: Reader) -> ReadWatch.LongTurn {
        let former = reader.place
        let vacancies = state.withLock { $0.makeLong(reader) }
        guard let vacancies else { return .moves }
        let areFilled = vacancies.map { startReader(in: $0) }
        guard areFilled.first ?? true || !state.withLock({ $0.makeShortIfAlone(reader, former) }) else {
            return .stays
        }
        SystemThread.lowerPriority()
        return .goesOn
    }
}
