internal import Synchronization

/// The idle connections of a client to its server.
final class ConnectionPool: Sendable {
    private struct Idle {
        let connection: ClientConnection
        let since: ContinuousClock.Instant
    }

    private let idle = Mutex<[Idle]>([])

    private static let maximumCount = 8
    /// Most servers keep a connection that nobody uses for at least a minute.
    private static let longestIdle = Duration.seconds(30)
    /// A request that must not be sent twice takes only a connection that no server is likely to close just now: the
    /// shortest time after which servers usually do is two seconds.
    private static let shortIdle = Duration.seconds(1)

    /// Takes the connection that was used last; nil if none can be used.
    func take(forRepeatable isRepeatable: Bool) -> ClientConnection? {
        let oldest = ContinuousClock.now - (isRepeatable ? Self.longestIdle : Self.shortIdle)
        return idle.withLock { idle in
            idle.removeAll { $0.since + Self.longestIdle < .now }
            while let last = idle.last, last.since >= oldest {
                idle.removeLast()
                if last.connection.isQuiet { return last.connection }
            }
            return nil
        }
    }

    func giveBack(_ connection: ClientConnection) {
        idle.withLock { idle in
            if idle.count >= Self.maximumCount { idle.removeFirst() }
            idle.append(Idle(connection: connection, since: .now))
        }
    }
}
