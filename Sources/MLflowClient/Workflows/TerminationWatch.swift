internal import Files
internal import Glibc
internal import Synchronization
internal import Threads

/// The descriptor to which the signal handler writes; -1 if no watch exists.
///
/// It is a global variable, because a signal handler can capture nothing.
private let signalPipe = Atomic<Int32>(-1)

/// Marks runs as KILLED when the process gets SIGTERM, for instance from a scheduler, and then lets the signal end the process.
///
/// ```swift
/// let watch = try TerminationWatch(client)
/// watch.add(run.info.runID)
/// // …the training…
/// watch.remove(run.info.runID)
/// ```
///
/// A watch handles SIGTERM from its creation until it is deallocated. A program can have only one watch at a time.
public final class TerminationWatch: Sendable {
    private let runIDs = Mutex<[String]>([])
    private let client: BlockingTrackingClient
    /// The end of the pipe to which the handler writes; closing this end ends the thread that reads from the pipe.
    private let input: Descriptor

    /// Starts to handle SIGTERM.
    ///
    /// - Parameter timeout: the time limit of each call that marks a run; a scheduler kills a process that does not end soon.
    /// - Throws: `.localFile` if the system has no descriptor or thread left.
    public init(_ client: TrackingClient, timeout: Duration = .seconds(5)) throws(MLflowError) {
        self.client = client.blocking.withTimeout(timeout)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw LocalFile.failure("pipe", errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let output = Descriptor(owning: ends[0])
        input = Descriptor(owning: ends[1])
        let isStarted = SystemThread.start(name: "mlflow-sigterm") { [weak self] in
            var byte: UInt8 = 0
            var count = 0
            repeat { count = read(output.rawValue, &byte, 1) } while count < 0 && errno == EINTR
            guard count > 0 else { return }
            self?.markAllAsKilled()
            signal(SIGTERM, SIG_DFL)
            kill(getpid(), SIGTERM)
        }
        guard isStarted else { throw LocalFile.failure("pthread_create", EAGAIN) }
        signalPipe.store(ends[1], ordering: .sequentiallyConsistent)
        signal(SIGTERM) { _ in
            var byte: UInt8 = 1
            _ = write(signalPipe.load(ordering: .sequentiallyConsistent), &byte, 1)
        }
    }

    deinit {
        signal(SIGTERM, SIG_DFL)
        signalPipe.store(-1, ordering: .sequentiallyConsistent)
    }

    /// Adds a run that is marked as KILLED if SIGTERM arrives.
    public func add(_ runID: String) { runIDs.withLock { $0.append(runID) } }

    /// Removes a run, because it has ended.
    public func remove(_ runID: String) { runIDs.withLock { ids in ids.removeAll { $0 == runID } } }

    private func markAllAsKilled() {
        for id in runIDs.withLock({ $0 }) {
            // The process ends in any case, so a failure is ignored.
            _ = try? client.endRun(runID: id, status: .killed)
        }
    }
}
