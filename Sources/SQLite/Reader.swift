internal import Budgets
internal import Dispatch
internal import Glibc
internal import Synchronization
internal import Threads

/// One reader: a thread and, once it is needed, a connection with its context.
///
/// `@unchecked Sendable` because `job` changes hands under the pool's lock, `interrupter` has its own, and everything else
/// is touched only on the reader's thread.
final class Reader: @unchecked Sendable {
    /// Which reads a reader serves.
    enum Place {
        /// Cheap ones alone.
        case reserved
        case general
        /// Those that have turned long.
        case long
    }

    /// How a read came out.
    enum Outcome {
        /// To be called, by any thread.
        case answered(@Sendable () -> Void)
        /// The reason is that for which it was ended.
        case failed(any Error, ReadEnded.Reason?)
        /// It has not begun to answer and runs again elsewhere.
        case moved
        case recalled
    }

    /// Changes on the reader's thread, under the pool's lock.
    var place: Place
    /// Given by the pool to a reader that waits.
    var job: ReaderJob?
    /// Set by the pool, under its lock, for a reader that waits.
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

    /// Leads from the watch back to its reader, which owns it.
    private final class Link {
        weak var reader: Reader?
    }

    /// When the read that runs now began; nil when none runs.
    ///
    /// From any thread.
    var readStart: ReadMoment? {
        let start = watch.startedAt.load(ordering: .acquiring)
        return start == 0 ? nil : ReadMoment(nanoseconds: start)
    }

    /// Starts the thread, which runs `body` and then closes the connection.
    ///
    /// - Returns: false when the system gives no thread.
    func start(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        SystemThread.start(name: name) { [self] in
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

    /// Gives back the memory of pages; on the reader's thread.
    func releaseMemory() { context?.connection.releaseMemory() }

    /// Ends the statement that runs now; from any thread.
    func interrupt() {
        interrupter.withLock { $0 }?.interrupt()
    }

    /// Waits until the thread is done, for a few milliseconds at the most; from any other thread.
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
