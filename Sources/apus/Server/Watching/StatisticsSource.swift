internal import HTTPServer
internal import Synchronization

/// The counters of the server for `/metrics`, which can be read when the server has been set.
final class StatisticsSource: Sendable {
    private let held = Mutex<HTTPServer?>(nil)

    var server: HTTPServer? {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }

    var statistics: HTTPServer.Statistics? { server?.statistics }
}
