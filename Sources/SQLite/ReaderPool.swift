internal import Dispatch
internal import Glibc
internal import Synchronization
internal import Threads

/// A fixed number of read-only connections, each on a serial queue of its own, so that reads run beside each other
/// and beside the writer.
///
/// Work goes to an idle reader at once, else into a bounded queue, first come first served.
package final class ReaderPool<Context: ReaderContext>: Sendable {
    private struct State {
        var idle: [ReaderSlot<Context>]
        var pending: [ReaderJob<Context>] = []
        /// Jobs of `pending` already handed out.
        var head = 0
        var isClosed = false
        var pauses = 0

        var depth: Int { pending.count - head }

        mutating func next() -> ReaderJob<Context>? {
            guard pauses == 0 || isClosed, head < pending.count else { return nil }
            let job = pending[head]
            head += 1
            if head == pending.count || head >= 1_024 {
                pending.removeFirst(head)
                head = 0
            }
            return job
        }
    }

    private let state: Mutex<State>
    private let slots: [ReaderSlot<Context>]
    private let queueLimit: Int

    /// Makes the pool; connections are opened on first use, on the reader's own queue.
    /// - Parameters:
    ///   - count: connections, at least 1.
    ///   - queueLimit: jobs that may wait for a reader; beyond it `submit` throws `.overloaded`.
    ///   - open: makes one reader's connection and context; called again for that reader if it throws.
    package init(count: Int, queueLimit: Int, open: @escaping @Sendable () throws -> Context) {
        precondition(count > 0, "a pool needs at least 1 reader, got \(count)")
        precondition(queueLimit >= 0, "the queue limit must not be negative, got \(queueLimit)")
        slots = (0..<count).map { ReaderSlot(label: "reader.\($0)", open: open) }
        // Reversed, so that a lone client always meets the same warm connection.
        state = Mutex(State(idle: slots.reversed()))
        self.queueLimit = queueLimit
    }

    /// Jobs waiting for a reader.
    package var queueDepth: Int { state.withLock { $0.depth } }

    /// Runs `work` on a reader and then `completion` with its outcome, both on the reader's thread.
    ///
    /// Returns at once. An error of opening the connection arrives in `completion`, as does what `work` throws; a
    /// transaction that `work` leaves open is rolled back.
    /// - Throws: `.overloaded` or `.closed`; then neither closure is called.
    package func submit<Value: Sendable>(
        _ work: @escaping @Sendable (Context) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) throws(SubmissionError) {
        let job = ReaderJob<Context>(
            run: { source in
                completion(Result { try work(try source()) })
            }
        )
        let slot = try claim(job)
        guard let slot else { return }
        slot.queue.async { self.serve(job, on: slot) }
    }

    /// Refuses new work and what is queued with `.closed`, interrupts what runs, and closes all connections.
    ///
    /// Safe to call twice. Blocks until done; never call it from a reader's thread.
    package func close() {
        let waiting: [ReaderJob<Context>] = state.withLock { state in
            state.isClosed = true
            var waiting: [ReaderJob<Context>] = []
            while let job = state.next() { waiting.append(job) }
            return waiting
        }
        for job in waiting { job.run { throw SubmissionError.closed } }
        for slot in slots {
            let closed = DispatchSemaphore(value: 0)
            slot.queue.async {
                slot.close()
                closed.signal()
            }
            // A statement that begins just after an interrupt misses it.
            repeat { slot.interrupt() } while closed.wait(timeout: .now() + .milliseconds(10)) == .timedOut
        }
    }

    /// An idle reader for the job, or nil after queueing it.
    private func claim(_ job: ReaderJob<Context>) throws(SubmissionError) -> ReaderSlot<Context>? {
        let claimed: Result<ReaderSlot<Context>?, SubmissionError> = state.withLock { state in
            guard !state.isClosed else { return .failure(.closed) }
            if state.pauses == 0, let slot = state.idle.popLast() { return .success(slot) }
            guard state.depth < queueLimit else { return .failure(.overloaded) }
            state.pending.append(job)
            return .success(nil)
        }
        return try claimed.get()
    }

    /// Lets no new read start until `resume()`.
    package func pause() { state.withLock { $0.pauses += 1 } }

    /// Lets reads start again.
    package func resume() {
        let started: [(ReaderJob<Context>, ReaderSlot<Context>)] = state.withLock { state in
            state.pauses -= 1
            var started: [(ReaderJob<Context>, ReaderSlot<Context>)] = []
            while !state.idle.isEmpty, let job = state.next() { started.append((job, state.idle.removeLast())) }
            return started
        }
        for (job, slot) in started { slot.queue.async { self.serve(job, on: slot) } }
    }

    /// Interrupts the reads that are under way.
    package func endReads(startedBefore moment: ReadMoment) {
        for slot in slots { slot.interrupt() }
    }

    /// Blocks until no read is under way; false when the time ran out.
    package func waitUntilIdle(within time: Duration) -> Bool {
        let end = ContinuousClock.now + time
        while state.withLock({ $0.idle.count }) < slots.count {
            guard ContinuousClock.now < end else { return false }
            usleep(200)
        }
        return true
    }

    /// Lets each idle reader give back its memory.
    package func releaseMemory() {
        for slot in slots { slot.queue.async { slot.releaseMemory() } }
    }

    private func serve(_ first: ReaderJob<Context>, on slot: ReaderSlot<Context>) {
        var job: ReaderJob<Context>? = first
        while let current = job {
            slot.run(current)
            job = state.withLock { state in
                if let next = state.next() { return next }
                state.idle.append(slot)
                return nil
            }
        }
    }
}

/// One piece of work without its result type.
struct ReaderJob<Context>: Sendable {
    /// Asks the source for the context, works, and delivers the outcome.
    let run: @Sendable (() throws -> Context) -> Void
}

/// One reader: a queue and, once opened, a connection with its context.
///
/// `@unchecked Sendable` because `context` is touched only on `queue`.
final class ReaderSlot<Context: ReaderContext>: @unchecked Sendable {
    let queue: SerialThread
    private let open: @Sendable () throws -> Context
    private var context: Context?
    private let interrupter = Mutex<Interrupter?>(nil)

    init(label: String, open: @escaping @Sendable () throws -> Context) {
        queue = SerialThread(name: label)
        self.open = open
    }

    func run(_ job: ReaderJob<Context>) {
        job.run { try self.openedContext() }
        context?.connection.rollBackIfNeeded()
    }

    /// Ends the statement that runs now; from any thread.
    func interrupt() {
        interrupter.withLock { $0 }?.interrupt()
    }

    func releaseMemory() { context?.connection.releaseMemory() }

    func close() {
        context?.connection.close()
        context = nil
    }

    private func openedContext() throws -> Context {
        if let context { return context }
        let opened = try open()
        context = opened
        let connection = opened.connection
        interrupter.withLock { $0 = connection.interrupter }
        return opened
    }
}
