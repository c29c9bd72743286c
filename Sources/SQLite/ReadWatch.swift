internal import Budgets
internal import CSQLite
internal import CSQLiteSetup
internal import Glibc
internal import Synchronization

/// Checks the limits of one connection's reads while they run, and ends a read that exceeds them.
///
/// `mustEndRead` is called by SQLite after every 1,000 instructions of its virtual machine, and by the pattern matching of
/// `is_like` and `is_ilike` after every 64 KiB of text. Until the read has lasted for `ReadLimits.workBeforeLong`, a check only
/// reads the clock; afterwards it also reads the processor time, at most every 10 ms. Only `startedAt` may be used outside of the
/// reader's thread.
final class ReadWatch {
    /// The reason why a read was ended.
    enum End {
        /// The read exceeds a limit, or its result is not needed any more.
        case stopped(ReadEnded.Reason)
        /// The read is long, and must start again later on a reader for long reads.
        case mustRestart
    }

    /// The decision about a read that has become long.
    enum LongReadDecision {
        /// The read continues at a low priority, on a thread that now serves only long reads.
        case continuesAtLowPriority
        /// The read continues as before, because no other thread could be started for short reads.
        case continuesUnchanged
        /// The read is ended, because enough long reads run already, and starts again later.
        case mustRestart
    }

    /// The start of the running read, in nanoseconds of the monotonic clock (`ReadMoment`), for any thread; 0 if no read runs.
    let startedAt = Atomic<UInt64>(0)

    fileprivate static let instructionsBetweenChecks: Int32 = 1_000
    private static let timeBetweenLimitChecks = Duration.milliseconds(10)

    private let limits: ReadLimits
    private let cutoff: ReadCutoff
    private let decideOnLongRead: () -> LongReadDecision
    private var caller = Caller.server
    /// The sum of the processor times of the earlier reads for the same answer; nil if this is the first or only one.
    private var effort: ReadEffort?
    private var isChecking = false
    private var mayBecomeLong = false
    private var isLong = false
    private var preemptions = 0
    private var sleepMicroseconds: UInt32 = 0
    /// The time that the read may still sleep, in microseconds.
    private var sleepLeft: UInt64 = 0
    private var start = ReadMoment(nanoseconds: 0)
    private var nextLimitCheck = ReadMoment(nanoseconds: 0)
    /// The thread's processor time at the start of the read, in nanoseconds.
    ///
    /// For a cheap read it is 0 until the read has lasted for `workBeforeLong`, which saves most reads a system call.
    private var processorStart: UInt64 = 0
    private var end: End?

    /// - Parameter decideOnLongRead: decides what happens to a read that has just become long; called on the reader's thread.
    init(limits: ReadLimits, cutoff: ReadCutoff, decideOnLongRead: @escaping () -> LongReadDecision) {
        self.limits = limits
        self.cutoff = cutoff
        self.decideOnLongRead = decideOnLongRead
    }

    func begin(for caller: Caller, _ cost: ReadCost, _ effort: ReadEffort?, isLong: Bool) {
        self.caller = caller
        self.effort = effort
        mayBecomeLong = !isLong
        self.isLong = isLong
        end = nil
        // A read that needs much time on a busy machine must not exceed its limit of time by sleeping.
        sleepLeft = limits.time.clampedNanoseconds / 4_000
        start = .now
        startedAt.store(start.nanoseconds, ordering: .releasing)
        processorStart = cost == .cheap ? 0 : processorTime()
        nextLimitCheck = start + min(limits.work, limits.time, limits.workBeforeLong)
        isChecking = true
    }

    /// Ends the checks of a read.
    ///
    /// - Parameter effort: the sum to which the processor time of this read is added; passed again because the read may have
    ///   created it after `begin`.
    /// - Returns: the reason why the read was ended; nil if it finished by itself.
    func finish(addingTo effort: ReadEffort?) -> End? {
        isChecking = false
        effort?.add(nanoseconds: usedProcessorTime(at: .now))
        return end
    }

    /// Records that the read's transaction has ended, which is after the end of the checks; until then the read uses the WAL.
    func didEndTransaction() {
        caller = .server
        effort = nil
        startedAt.store(0, ordering: .releasing)
    }

    /// Checks the limits, and returns whether the read must end; may sleep in a long read.
    func mustEndRead() -> Bool {
        guard isChecking else { return false }
        if end == nil { end = reasonToEnd() }
        return end != nil
    }

    private func reasonToEnd() -> End? {
        if caller.hasLeft { return .stopped(.callerLeft) }
        if cutoff.isAfter(start) { return .stopped(.blocksLog) }
        let now = ReadMoment.now
        guard now >= nextLimitCheck else { return nil }
        nextLimitCheck = now + Self.timeBetweenLimitChecks
        let used = usedProcessorTime(at: now)
        if used + (effort?.nanoseconds ?? 0) >= limits.work.clampedNanoseconds { return .stopped(.work) }
        if now >= start + limits.time { return .stopped(.time) }
        if isLong { sleepIfPreempted() }
        guard mayBecomeLong, used >= limits.workBeforeLong.clampedNanoseconds else { return nil }
        mayBecomeLong = false
        let decision = decideOnLongRead()
        isLong = decision == .continuesAtLowPriority
        return decision == .mustRestart ? .mustRestart : nil
    }

    /// The processor time of this read in nanoseconds; for a cheap read that is not long yet, the elapsed time.
    private func usedProcessorTime(at now: ReadMoment) -> UInt64 {
        let lasted = now.nanoseconds - start.nanoseconds
        guard lasted >= limits.workBeforeLong.clampedNanoseconds || processorStart > 0 else { return lasted }
        let processor = processorTime()
        if processorStart == 0 { processorStart = processor - min(lasted, processor) }
        return processor - processorStart
    }

    /// Sleeps if the kernel has preempted this thread since the last call: 30 ms, and twice as long each further time, up to 240
    /// ms; in all at most for a quarter of the time that the read may last.
    ///
    /// Otherwise the remembered time of the last sleep is halved and not set to 0, because a processor is free at times even on a
    /// busy machine. The low priority counts only against threads of the same kernel session (sched(7), "The autogroup
    /// feature"). Without the sleep, a program of another kernel session on this machine, such as a client, would get only an
    /// equal share of the processors.
    private func sleepIfPreempted() {
        var usage = rusage()
        guard getrusage(Self.usageOfThread, &usage) == 0 else { return }
        let wasPreempted = usage.ru_nivcsw > preemptions
        preemptions = usage.ru_nivcsw
        guard wasPreempted else {
            sleepMicroseconds /= 2
            return
        }
        sleepMicroseconds = min(max(sleepMicroseconds * 2, Self.shortestSleep), Self.longestSleep)
        guard sleepLeft > UInt64(sleepMicroseconds) else { return }
        sleepLeft -= UInt64(sleepMicroseconds)
        // Several short sleeps, so that a read that must end meanwhile ends soon.
        for _ in 0..<sleepMicroseconds / Self.sleepSlice where !caller.hasLeft && !cutoff.isAfter(start) {
            usleep(Self.sleepSlice)
        }
    }

    /// RUSAGE_THREAD of getrusage(2), which the Glibc module leaves out.
    private static let usageOfThread = __rusage_who_t(1)
    private static let sleepSlice: UInt32 = 5_000
    private static let shortestSleep: UInt32 = 30_000
    private static let longestSleep: UInt32 = 240_000
}

extension Connection {
    /// Makes SQLite call `watch` during all statements of the connection, and adds the SQL functions `is_like` and
    /// `is_ilike` (`ApusPatterns.h`).
    ///
    /// The watch must live as long as the connection.
    func attach(_ watch: ReadWatch) throws(SQLiteError) {
        guard let raw = database.raw else { throw .closed(sql: nil) }
        let context = Unmanaged.passUnretained(watch).toOpaque()
        let result = apus_add_patterns(raw, mustEndReadOfWatch, context)
        guard result == SQLITE_OK else { throw .latest(on: raw, result: result, sql: nil) }
        sqlite3_progress_handler(raw, ReadWatch.instructionsBetweenChecks, mustEndReadOfWatch, context)
    }
}

private func mustEndReadOfWatch(context: UnsafeMutableRawPointer?) -> Int32 {
    guard let context else { return 0 }
    return Unmanaged<ReadWatch>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.mustEndRead() } ? 1 : 0
}

/// A moment: reads that began before it are ended at their next check; usable from any thread.
///
/// The writer sets a later moment when running reads keep the write-ahead log (WAL) from restarting.
final class ReadCutoff: Sendable {
    private let nanoseconds = Atomic<UInt64>(0)

    func isAfter(_ start: ReadMoment) -> Bool { start.nanoseconds < nanoseconds.load(ordering: .relaxed) }

    func raise(to moment: ReadMoment) { nanoseconds.max(moment.nanoseconds, ordering: .relaxed) }
}
