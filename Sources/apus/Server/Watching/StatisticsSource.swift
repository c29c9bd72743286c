internal import HTTPServer
internal import Synchronization

/// The counters of the server for `/metrics`; nil until the server has been set.
final class StatisticsSource: Sendable {
    private let lockedServer = Mutex<HTTPServer?>(nil)

    var server: HTTPServer? {
        get { lockedServer.withLock { $0 } }
        set { lockedServer.withLock { $0 = newValue } }
    }

    var statistics: HTTPServer.Statistics? { server?.statistics }
}
