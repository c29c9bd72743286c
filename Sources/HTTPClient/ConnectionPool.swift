internal import Synchronization

/// The idle connections of a client to its server.
final class ConnectionPool: Sendable {
    private struct Idle {
        let connection: ClientConnection
        let since: ContinuousClock.Instant
    }

    private let idle = Mutex<[Idle]>([])

    private static let maximumCount = 8
    /// The time after which an idle connection is not used any more; most servers keep connections for at least a minute.
    private static let longestIdle = Duration.seconds(30)
    /// The longest idle time of a connection for a request that must not be sent twice; most servers close idle connections
    /// later, so that the server is unlikely to close the connection while the request is sent.
    private static let longestIdleIfUnrepeatable = Duration.seconds(1)

    /// Removes and returns the connection that was used last; nil if there is no usable connection.
    ///
    /// - Parameter isRepeatable: whether the next request may be sent twice.
    func takeConnection(forRepeatable isRepeatable: Bool) -> ClientConnection? {
        let oldest = ContinuousClock.now - (isRepeatable ? Self.longestIdle : Self.longestIdleIfUnrepeatable)
        return idle.withLock { idle in
            idle.removeAll { $0.since + Self.longestIdle < .now }
            while let last = idle.last, last.since >= oldest {
                idle.removeLast()
                if last.connection.isQuiet { return last.connection }
            }
            return nil
        }
    }

    /// Adds a connection whose last answer was read to its end.
    func giveBack(_ connection: ClientConnection) {
        idle.withLock { idle in
            if idle.count >= Self.maximumCount { idle.removeFirst() }
            idle.append(Idle(connection: connection, since: .now))
        }
    }
}
