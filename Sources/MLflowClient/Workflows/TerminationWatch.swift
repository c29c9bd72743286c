internal import Files
internal import Glibc
internal import Synchronization
internal import Threads

/// Where the handler of the signal writes; -1 without a watch.
///
/// A handler can reach nothing but what is global.
private let signalPipe = Atomic<Int32>(-1)

/// Marks runs as KILLED when the process gets SIGTERM, as a scheduler sends it, and then lets the signal end the process.
///
/// ```swift
/// let watch = try TerminationWatch(client)
/// watch.add(run.info.runID)
/// // …the training…
/// watch.remove(run.info.runID)
/// ```
///
/// The disposition of SIGTERM is the watch's while it exists; a program has one watch.
public final class TerminationWatch: Sendable {
    private let runs = Mutex<[String]>([])
    private let client: BlockingTrackingClient
    /// The end of the pipe that the handler writes to; the thread that reads ends when it is closed.
    private let input: Descriptor

    /// Begins to watch.
    ///
    /// - Parameter patience: how long the calls for one run may take; a scheduler kills a process that does not end.
    /// - Throws: `.localFile` where the system has no descriptor or thread left.
    public init(_ client: TrackingClient, patience: Duration = .seconds(5)) throws(MLflowError) {
        self.client = client.blocking.hasty(patience)
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
            self?.markAll()
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

    /// Watches over a run.
    public func add(_ runID: String) {
        runs.withLock { $0.append(runID) }
    }

    /// Forgets a run, which has ended.
    public func remove(_ runID: String) {
        runs.withLock { runs in runs.removeAll { $0 == runID } }
    }

    private func markAll() {
        for run in runs.withLock({ $0 }) {
            // The process ends in any case: there is nobody to tell that the server is away.
            _ = try? client.endRun(runID: run, status: .killed)
        }
    }
}
