internal import Budgets
internal import CSQLite
internal import CSQLiteSetup
internal import Glibc
internal import Synchronization

/// Checks the limits of one connection's reads while they run, and ends a read that exceeds them.
///
/// SQLite calls it after every 1,000 virtual machine instructions, and pattern matching after each mebibyte of text. A
/// check costs some nanoseconds until the read has lasted for `workBeforeLong`. All but `startedAt` belongs to the
/// reader's thread.
final class ReadWatch {
    /// Why a read does not continue on this reader.
    enum End {
        case ended(ReadEnded.Reason)
        /// The read is long, and starts again on a reader for long reads.
        case moved
    }

    /// What happens to a read that has become long.
    enum LongTurn {
        /// It continues at the lowest priority, on a thread that now serves only long reads.
        case goesOn
        /// It continues as before, because no other thread can be started for short reads.
        case stays
        case moves
    }

    /// The start of the running read, in nanoseconds; 0 if none runs.
    ///
    /// May be read from any thread.
    let startedAt = Atomic<UInt64>(0)

    fileprivate static let stepsBetweenLooks: Int32 = 1_000
    private static let timeBetweenLongLooks = Duration.milliseconds(10)

    private let limits: ReadLimits
    private let recall: ReadRecall
    private let turnLong: () -> LongTurn
    private var caller = Caller.server
    private var effort: ReadEffort?
    private var isArmed = false
    private var mayTurnLong = false
    private var isLong = false
    private var preemptions = 0
    private var restMicroseconds: UInt32 = 0
    private var start = ReadMoment(nanoseconds: 0)
    private var nextLongLook = ReadMoment(nanoseconds: 0)
    /// The thread's processor time at the start of the read; a cheap read sets it late, to save a system call.
    private var processorStart: UInt64 = 0
    private var end: End?

    /// - Parameter turnLong: decides about a read that has just become long; called on the reader's thread.
    init(limits: ReadLimits, recall: ReadRecall, turnLong: @escaping () -> LongTurn) {
        self.limits = limits
        self.recall = recall
        self.turnLong = turnLong
    }

    func begin(for caller: Caller, _ cost: ReadCost, _ effort: ReadEffort?, isLong: Bool) {
        self.caller = caller
        self.effort = effort
        mayTurnLong = !isLong
        self.isLong = isLong
        end = nil
        start = .now
        startedAt.store(start.nanoseconds, ordering: .releasing)
        processorStart = cost == .cheap ? 0 : processorTime()
        nextLongLook = start + min(limits.work, limits.time, limits.workBeforeLong)
        isArmed = true
    }

    /// Ends the checks of a read.
    ///
    /// - Parameter effort: the sum to which the read's processor time is added.
    /// - Returns: why the read was ended; nil if it finished by itself.
    func finish(addingTo effort: ReadEffort?) -> End? {
        isArmed = false
        effort?.add(nanoseconds: ownWork(at: .now))
        return end
    }

    /// Marks the end of the read's transaction.
    func rest() {
        caller = .server
        effort = nil
        startedAt.store(0, ordering: .releasing)
    }

    /// Checks the limits; true if the read must end.
    func look() -> Bool {
        guard isArmed else { return false }
        if end == nil { end = reasonToEnd() }
        return end != nil
    }

    private func reasonToEnd() -> End? {
        if caller.hasLeft { return .ended(.callerLeft) }
        if recall.applies(to: start) { return .ended(.log) }
        let now = ReadMoment.now
        guard now >= nextLongLook else { return nil }
        nextLongLook = now + Self.timeBetweenLongLooks
        let own = ownWork(at: now)
        if own + (effort?.nanoseconds ?? 0) >= limits.work.clampedNanoseconds {
            return .ended(.work)
        }
        if now >= start + limits.time { return .ended(.time) }
        if isLong { restIfOthersWantProcessor() }
        guard mayTurnLong, own >= limits.workBeforeLong.clampedNanoseconds else { return nil }
        mayTurnLong = false
        let turn = turnLong()
        isLong = turn == .goesOn
        return turn == .moves ? .moved : nil
    }

    /// The processor time of this read; for a cheap read, the elapsed time until `workBeforeLong`.
    private func ownWork(at now: ReadMoment) -> UInt64 {
        let lasted = now.nanoseconds - start.nanoseconds
        guard lasted >= limits.workBeforeLong.clampedNanoseconds || processorStart > 0 else { return lasted }
        let processor = processorTime()
        if processorStart == 0 { processorStart = processor - min(lasted, processor) }
        return processor - processorStart
    }

    /// Sleeps if the kernel has preempted this thread, and longer each time in a row.
    ///
    /// A low priority counts only among the threads of the same session (sched(7), "The autogroup feature"): without
    /// the sleep, a client in another session would get only an equal share of the processors.
    private func restIfOthersWantProcessor() {
        var usage = rusage()
        guard getrusage(Self.usageOfThread, &usage) == 0 else { return }
        let wasPreempted = usage.ru_nivcsw > preemptions
        preemptions = usage.ru_nivcsw
        restMicroseconds = wasPreempted ? min(max(restMicroseconds * 2, Self.shortestRest), Self.longestRest) : 0
        guard wasPreempted else { return }
        // In slices, so that a read that must end does not sleep on.
        for _ in 0..<restMicroseconds / Self.restSlice where !caller.hasLeft && !recall.applies(to: start) {
            usleep(Self.restSlice)
        }
    }

    /// RUSAGE_THREAD of getrusage(2), which the Glibc module leaves out.
    private static let usageOfThread = __rusage_who_t(1)
    private static let restSlice: UInt32 = 5_000
    private static let shortestRest: UInt32 = 20_000
    private static let longestRest: UInt32 = 160_000
}

extension Connection {
    /// Makes `watch` check all statements of the connection; the watch must live as long as the connection.
    ///
    /// Also adds the SQL functions `is_like` and `is_ilike` (`ApusPatterns.h`).
    func attach(_ watch: ReadWatch) throws(SQLiteError) {
        guard let raw = database.raw else { throw .closed(sql: nil) }
        let context = Unmanaged.passUnretained(watch).toOpaque()
        let result = apus_add_patterns(raw, lookOfWatch, context)
        guard result == SQLITE_OK else { throw .latest(on: raw, result: result, sql: nil) }
        sqlite3_progress_handler(raw, ReadWatch.stepsBetweenLooks, lookOfWatch, context)
    }
}

private func lookOfWatch(context: UnsafeMutableRawPointer?) -> Int32 {
    guard let context else { return 0 }
    return Unmanaged<ReadWatch>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.look() } ? 1 : 0
}

/// Ends all reads of a pool that began before a moment; safe from any thread.
final class ReadRecall: Sendable {
    private let nanoseconds = Atomic<UInt64>(0)

    func applies(to start: ReadMoment) -> Bool { start.nanoseconds < nanoseconds.load(ordering: .relaxed) }

    func recall(before moment: ReadMoment) { nanoseconds.max(moment.nanoseconds, ordering: .relaxed) }
}
