import Synchronization

/// The counters from which `HTTPServer.Statistics` is made, shared by all loops.
final class ServerCounters: Sendable {
    let openConnections = Atomic<Int>(0)
    let acceptedConnections = Atomic<Int>(0)
    let requests = Atomic<Int>(0)
    let bytesReceived = Atomic<Int>(0)
    let bytesSent = Atomic<Int>(0)
    let wakeUps = Atomic<Int>(0)

    var snapshot: HTTPServer.Statistics {
        HTTPServer.Statistics(
            openConnections: openConnections.load(ordering: .relaxed),
            acceptedConnections: acceptedConnections.load(ordering: .relaxed),
            requests: requests.load(ordering: .relaxed),
            bytesReceived: bytesReceived.load(ordering: .relaxed),
            bytesSent: bytesSent.load(ordering: .relaxed),
            wakeUps: wakeUps.load(ordering: .relaxed)
        )
    }
}
