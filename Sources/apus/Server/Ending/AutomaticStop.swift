internal import Dispatch
internal import Glibc
internal import HTTPServer
internal import Logging

/// Stops a server that nobody uses, or whose parent processes have ended, in the same way as a SIGTERM.
enum AutomaticStop {
    /// Starts to watch, until the end of the process.
    static func watch(_ settings: AutomaticStopSettings, _ server: HTTPServer, _ logger: Logger) {
        wait(for: settings.parents[...], logger)
        if let limit = settings.idleTime {
            poll(IdleTime(server.counts), limit, server, DispatchQueue(label: "apus.idle-exit", qos: .utility), logger)
        }
    }

    /// Waits for the processes one after another, which takes as long as waiting for all at once.
    private static func wait(for processes: ArraySlice<WatchedProcess>, _ logger: Logger) {
        guard let first = processes.first else { return }
        first.whenEnded {
            guard processes.count == 1 else { return wait(for: processes.dropFirst(), logger) }
            end("the process of --parent-pid has ended", ["pid": "\(first.pid)"], logger)
        }
    }

    /// Reads the counters eight times within the limit, so that the server ends at most an eighth of the limit too late.
    private static func poll(
        _ idle: IdleTime,
        _ limit: Duration,
        _ server: HTTPServer,
        _ queue: DispatchQueue,
        _ logger: Logger
    ) {
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(limit / .milliseconds(8)))) {
            var idle = idle
            guard idle.update(server.counts) >= limit else { return poll(idle, limit, server, queue, logger) }
            end("nobody has used the server for the time of --idle-exit", [:], logger)
        }
    }

    /// Sends SIGTERM to this process, so that this stop does the same as any other.
    private static func end(_ reason: Logger.Message, _ details: Logger.Metadata, _ logger: Logger) {
        logger.notice(reason, metadata: details)
        kill(getpid(), SIGTERM)
    }
}

extension HTTPServer {
    fileprivate var counts: IdleTime.Counts {
        let statistics = statistics
        return IdleTime.Counts(
            openConnections: statistics.openConnections,
            acceptedConnections: statistics.acceptedConnections,
            requests: statistics.requests
        )
    }
}
