internal import Dispatch
internal import Glibc
internal import HTTPServer
internal import Logging

/// Ends a server that nobody uses, or whose parent process is gone, in the order of a SIGTERM.
enum AutomaticStop {
    /// Begins to watch; what it starts lives as long as the process.
    static func watch(_ settings: EndingSettings, _ server: HTTPServer, _ logger: Logger) {
        wait(for: settings.parents[...], logger)
        if let limit = settings.idleTime {
            look(IdleTime(server.counts), limit, server, DispatchQueue(label: "apus.idle-exit", qos: .utility), logger)
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

    /// Looks eight times within the limit, so that the end comes at most an eighth of it late.
    private static func look(
        _ idle: IdleTime,
        _ limit: Duration,
        _ server: HTTPServer,
        _ queue: DispatchQueue,
        _ logger: Logger
    ) {
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(limit / .milliseconds(8)))) {
            var idle = idle
            guard idle.length(server.counts) >= limit else { return look(idle, limit, server, queue, logger) }
            end("nobody has used the server for the time of --idle-exit", [:], logger)
        }
    }

    /// Sends this process the signal that stops a server, so that there is one way of stopping.
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
