internal import Dispatch
internal import Glibc
internal import Synchronization
internal import Threads

/// Writes log lines to standard error on a thread of its own, so that a pipe that nobody reads delays no request.
///
/// A bounded number of lines waits for the thread. Further lines are dropped and counted, and a later line reports the number.
final class LogWriter: Sendable {
    private struct State {
        var lines: [String] = []
        /// The number of lines dropped since the last line that reported it.
        var unreported = 0
        var dropped = 0
        var hasThread = false
        var isWriting = false
    }

    static let standardError = LogWriter(.error)

    /// The largest number of waiting lines.
    static let limit = 1_024

    private let stream: StandardStream
    private let state = Mutex(State())
    /// Counts the lines that wait for the thread.
    private let waitingLines = DispatchSemaphore(value: 0)

    init(_ stream: StandardStream) { self.stream = stream }

    /// The total number of dropped lines.
    var dropped: Int { state.withLock { $0.dropped } }

    /// Queues a line; never blocks.
    func write(_ line: String) {
        let (isAccepted, needsThread) = state.withLock { state in
            guard state.lines.count < Self.limit else {
                state.dropped += 1
                state.unreported += 1
                return (false, false)
            }
            state.lines.append(line)
            defer { state.hasThread = true }
            return (true, !state.hasThread)
        }
        if needsThread, !SystemThread.start(name: "log", { [self] in writeLines() }) {
            // The next line tries to start the thread again; until then the lines wait.
            state.withLock { $0.hasThread = false }
        }
        if isAccepted { waitingLines.signal() }
    }

    /// Waits until all lines have been written or the time is over; called at the end of the process.
    func flush(within limit: Duration) {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end, state.withLock({ $0.hasThread && ($0.isWriting || !$0.lines.isEmpty) }) {
            usleep(1_000)
        }
    }

    private func writeLines() {
        while true {
            waitingLines.wait()
            let (lines, dropped) = state.withLock { state in
                defer {
                    state.lines = []
                    state.unreported = 0
                    state.isWriting = true
                }
                return (state.lines, state.unreported)
            }
            for line in lines { stream.write(line) }
            if dropped > 0 { stream.write("\(dropped) log lines were dropped, because nobody read them in time") }
            state.withLock { $0.isWriting = false }
        }
    }
}
