internal import HTTPServer
internal import Synchronization

/// Gives `/metrics` the counters of the server; nil until the server has been set, because its routes are made before it.
final class StatisticsSource: Sendable {
    private let lockedServer = Mutex<HTTPServer?>(nil)

    var server: HTTPServer? {
        get { lockedServer.withLock { $0 } }
        set { lockedServer.withLock { $0 = newValue } }
    }

    var statistics: HTTPServer.Statistics? { server?.statistics }
}
