internal import Budgets
internal import Dispatch
internal import Glibc
internal import Synchronization
internal import Threads

/// One reader: a thread and, from its first read on, a connection with its context.
///
/// `@unchecked Sendable` because `job` is protected by the pool's lock, `interrupter` by its own, and everything else
/// is used only on the reader's thread.
final class Reader: @unchecked Sendable {
    /// The kind of reads that a reader serves.
    enum Place {
        /// Only cheap reads.
        case reserved
        case general
        /// Only long reads.
        case long
    }

    /// The outcome of a read.
    enum Outcome {
        /// The closure hands the result over; any thread may call it.
        case answered(@Sendable () -> Void)
        /// The read failed; the reason is set if it was ended.
        case failed(any Error, ReadEnded.Reason?)
        /// The read is long, and must start again on a reader for long reads.
        case moved
        case recalled
    }

    /// Changed only on the reader's thread, under the pool's lock.
    var place: Place
    /// Set by the pool, under its lock, for an idle reader.
    var job: ReaderJob?
    /// Set by the pool, under its lock, for an idle reader.
    var mustReleaseMemory = false
    let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let limits: ReadLimits
    private let open: @Sendable () throws -> any ReaderContext
    private let watch: ReadWatch
    private var context: (any ReaderContext)?
    private let interrupter = Mutex<Interrupter?>(nil)

    init(
        place: Place,
        limits: ReadLimits,
        recall: ReadRecall,
        open: @escaping @Sendable () throws -> any ReaderContext,
        turnLong: @escaping (Reader) -> ReadWatch.LongTurn
    ) {
        self.place = place
        self.limits = limits
        self.open = open
        let link = Link()
        watch = ReadWatch(limits: limits, recall: recall) { link.reader.map(turnLong) ?? .stays }
        link.reader = self
    }

    /// A weak reference from the watch to the reader that owns it.
    private final class Link {
        weak var reader: Reader?
    }

    /// The start of the running read; nil if none runs.
    ///
    /// Safe from any thread.
    var readStart: ReadMoment? {
        let start = watch.startedAt.load(ordering: .acquiring)
        return start == 0 ? nil : ReadMoment(nanoseconds: start)
    }

    /// Starts the thread, which runs `body` and then closes the connection.
    ///
    /// - Returns: false if the system cannot create a thread.
    func start(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        SystemThread.start(name: name, pace: place == .reserved ? .prompt : .usual) { [self, place] in
            if place == .general { SystemThread.lowerPriority(to: .low) }
            body()
            context?.connection.close()
            context = nil
            ended.signal()
        }
    }

    func perform(_ job: ReaderJob) -> Outcome {
        watch.begin(for: job.caller, job.cost, job.effort, isLong: place == .long)
        let result = Result { try job.run(try openedContext()) }
        let end = watch.finish(addingTo: job.effort ?? context?.effort)
        context?.connection.rollBackIfNeeded()
        defer { watch.rest() }
        switch (result, end) {
        case (.success(let deliver), _): return .answered(deliver)
        case (.failure(let error), nil): return .failed(error, nil)
        case (.failure, .moved): return .moved
        case (.failure, .ended(.log)) where !job.wasRecalled: return .recalled
        case (.failure, .ended(let reason)):
            let ended = ReadEnded(reason: reason, limits: limits)
            return .failed(context?.failure(of: ended) ?? ended, reason)
        }
    }

    /// Frees cached pages; called on the reader's thread.
    func releaseMemory() { context?.connection.releaseMemory() }

    /// Interrupts the running statement; safe from any thread.
    func interrupt() {
        interrupter.withLock { $0 }?.interrupt()
    }

    /// Waits up to 10 milliseconds for the thread to end; called from another thread.
    func hasEnded() -> Bool { ended.wait(timeout: .now() + .milliseconds(10)) == .success }

    private func openedContext() throws -> any ReaderContext {
        if let context { return context }
        let opened = try open()
        let connection = opened.connection
        try connection.attach(watch)
        context = opened
        interrupter.withLock { $0 = connection.interrupter }
        return opened
    }
}
