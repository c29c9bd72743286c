internal import Budgets
internal import Dispatch
internal import Glibc
internal import Synchronization
internal import Threads

/// One reader of a pool: a thread and, from its first read on, a connection with its context.
///
/// `@unchecked Sendable` because the pool's lock protects `kind`, `job`, `peer` and `mustReleaseMemory`, `interrupter` has a
/// lock of its own, and everything else is used only on the reader's thread.
final class Reader: @unchecked Sendable {
    /// The kind of reads that a reader serves.
    enum Kind {
        /// Only cheap reads.
        case reserved
        /// All reads except long ones.
        case general
        /// Only long reads.
        case long
    }

    /// The outcome of a read.
    enum Outcome {
        /// The read succeeded. The closure passes the result to the caller; any thread may call it.
        case answered(@Sendable () -> Void)
        /// The read failed; the reason is nil unless `ReadWatch` ended the read.
        case failed(any Error, ReadEnded.Reason?)
        /// The read is long, and must start again later on a reader for long reads.
        case mustRestart
        /// The read was ended to let the WAL restart; this was the first time for this read, so it must start again.
        case cutOff
    }

    /// Changed only on the reader's thread, while it holds the pool's lock.
    var kind: Kind
    /// The next read of an idle reader; set by the pool, under its lock.
    var job: ReaderJob?
    /// The peer whose read this reader runs or is about to run, while it is a general reader; set by the pool, under its lock.
    var peer: Peer?
    /// Whether an idle reader must free its cached pages; set by the pool, under its lock.
    var mustReleaseMemory = false
    let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let limits: ReadLimits
    private let open: @Sendable () throws -> any ReaderContext
    private let watch: ReadWatch
    private var context: (any ReaderContext)?
    private let interrupter = Mutex<Interrupter?>(nil)

    init(
        kind: Kind,
        limits: ReadLimits,
        cutoff: ReadCutoff,
        open: @escaping @Sendable () throws -> any ReaderContext,
        decideOnLongRead: @escaping (Reader) -> ReadWatch.LongReadDecision
    ) {
        self.kind = kind
        self.limits = limits
        self.open = open
        let link = Link()
        watch = ReadWatch(limits: limits, cutoff: cutoff) { link.reader.map(decideOnLongRead) ?? .continuesUnchanged }
        link.reader = self
    }

    /// A weak reference from the watch to its reader, which owns the watch.
    private final class Link {
        weak var reader: Reader?
    }

    /// The start of the running read; nil if no read runs; usable from any thread.
    var readStart: ReadMoment? {
        let start = watch.startedAt.load(ordering: .acquiring)
        return start == 0 ? nil : ReadMoment(nanoseconds: start)
    }

    /// Starts the reader's thread, which runs `body` and then closes the connection.
    ///
    /// - Returns: false if the system cannot create a thread.
    func start(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        SystemThread.start(name: name, pace: kind == .reserved ? .prompt : .usual) { [self] in
            body()
            context?.connection.close()
            context = nil
            ended.signal()
        }
    }

    func perform(_ job: ReaderJob) -> Outcome {
        watch.begin(for: job.caller, job.cost, job.effort, isLong: kind == .long)
        let result = Result { try job.run(try openedContext()) }
        let end = watch.finish(addingTo: job.effort ?? context?.effort)
        context?.connection.rollBackIfNeeded()
        defer { watch.didEndTransaction() }
        switch (result, end) {
        case (.success(let deliver), _): return .answered(deliver)
        case (.failure(let error), nil): return .failed(error, nil)
        case (.failure, .mustRestart): return .mustRestart
        case (.failure, .stopped(.blocksLog)) where !job.wasCutOff: return .cutOff
        case (.failure, .stopped(let reason)):
            let ended = ReadEnded(reason: reason, limits: limits)
            return .failed(context?.failure(of: ended) ?? ended, reason)
        }
    }

    /// Frees cached pages; called on the reader's thread.
    func releaseMemory() { context?.connection.releaseMemory() }

    /// Interrupts the running statement; usable from any thread.
    func interrupt() { interrupter.withLock { $0 }?.interrupt() }

    /// Waits up to 10 milliseconds until the thread ends; called from another thread.
    ///
    /// - Returns: whether the thread has ended.
    func waitForEnd() -> Bool { ended.wait(timeout: .now() + .milliseconds(10)) == .success }

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
