internal import HTTPServer
internal import Synchronization

/// Gives `/metrics` the counters of the server that sends the page.
///
/// The server is set after the routes are made.
final class StatisticsSource: Sendable {
    private let held = Mutex<HTTPServer?>(nil)

    var server: HTTPServer? {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }

    var statistics: HTTPServer.Statistics? { server?.statistics }
}
