package import Budgets
internal import Dispatch
internal import Synchronization
internal import Threads

/// Read-only connections, each with its own thread, so that reads run beside each other and beside the writer.
///
/// No read waits long for others. One reader serves only cheap reads. The other readers have a low priority, so that the
/// threads that everybody waits for get a processor first, and serve the peers in turn, and the callers of one peer in turn. A read that uses more processor time than `ReadLimits.workBeforeLong` is long: it
/// continues at the lowest priority on its thread, and a new thread serves the short reads instead. If the largest number of
/// long reads already runs, the read is ended and starts again when its turn comes.
///
/// Not generic: other modules could not use a specialised copy, and type look-ups took longer than a cheap read.
package final class ReaderPool: Sendable {
    let state: Mutex<State>
    let recall = ReadRecall()
    private let limits: ReadLimits
    private let queue: Budget
    private let open: @Sendable () throws -> any ReaderContext

    /// Creates the pool; threads and connections are created when first needed.
    /// - Parameters:
    ///   - count: the number of readers for short reads, at least 1; from 2 on, one of them serves only cheap reads.
    ///   - queue: the budget of reads that wait for a reader; when it is used up, `submit` throws `.overloaded`.
    ///   - open: opens a reader's connection and context, always of one type; if it throws, the next read retries it.
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

    /// Runs `work` on a reader, then `completion` with its result on a reader's thread.
    ///
    /// Returns at once. `completion` also gets the errors of `work` and of opening the connection. A transaction that
    /// `work` leaves open is rolled back. `work` does not run if the caller has disconnected.
    /// - Parameters:
    ///   - work: gets the context made by `open`. It may run again, so its only effect must be the value it returns.
    ///   - effort: adds up the processor time of several reads.
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
            guard queue.take(1, for: job.caller.party) else { return .failure(.overloaded) }
            var job = job
            job.holdsPlace = true
            state.queues.append(job)
            return .success(state.claimPlace(for: job.cost).map { .needsReader($0) } ?? .queued)
        }
        return try placement.get()
    }

    /// Starts a reader of a kind that `claimPlace` has reserved.
    ///
    /// - Returns: false if no thread could be started; the reservation is then undone.
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

    /// Fails a job that never ran.
    func refuse(_ job: ReaderJob, _ error: SubmissionError) {
        giveBackPlace(of: job)
        job.fail(error)
    }

    private func giveBackPlace(of job: ReaderJob) {
        if job.holdsPlace { queue.giveBack(1, for: job.caller.party) }
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

    /// Waits for the reader's next task; nil if its thread must end.
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

    /// Lets a read that has become long continue, unless the largest number of long reads already runs.
    private func turnLong(_ reader: Reader) -> ReadWatch.LongTurn {
        let former = reader.place
        let vacancies = state.withLock { $0.makeLong(reader) }
        guard let vacancies else { return .moves }
        let areFilled = vacancies.map { startReader(in: $0) }
        guard areFilled.first ?? true || !state.withLock({ $0.makeShortIfAlone(reader, former) }) else {
            return .stays
        }
        SystemThread.lowerPriority(to: .lowest)
        return .goesOn
    }
}
