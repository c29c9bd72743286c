import Budgets
import HTTPWire

/// One request and its answer, from the complete head until the last byte of the answer has been sent.
final class Exchange {
    let id: UInt64
    /// Nil when the head could not be parsed.
    let head: RequestHead?
    let startNanoseconds: UInt64
    var request: HTTPRequest?
    var extraHeaders: [(name: String, value: String)] = []
    var closesAfter: Bool
    /// Whether the request has a body that will stay unread unless it is dropped.
    var hasUnreadBody = false
    /// The memory of the shared budget for bodies that this body holds; nil until the body holds any.
    var bodyReservation: MemoryReservation?
    /// The status of the answer; 0 as long as there is no answer.
    var status = 0
    var bytesSent = 0
    /// Whether `HTTPServer.Configuration.onExchange` has been called.
    var isReported = false
    /// Whether the handler runs on the threads that may wait for another server.
    var isApart = false
    /// How many decisions about admitting the request were `undecided`.
    var decisionCount = 0

    init(id: UInt64, head: RequestHead?, startNanoseconds: UInt64) {
        self.id = id
        self.head = head
        self.startNanoseconds = startNanoseconds
        closesAfter = !(head?.keepsAlive ?? false)
    }
}
