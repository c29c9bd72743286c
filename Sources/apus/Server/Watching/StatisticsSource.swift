internal import HTTPServer
internal import Synchronization

/// Gives `/metrics` the counts of the server that serves the page.
final class StatisticsSource: Sendable {
    private let held = Mutex<HTTPServer?>(nil)

    var server: HTTPServer? {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }

    var statistics: HTTPServer.Statistics? { server?.statistics }
}
