import HTTPWire

/// One request and its answer, from the complete head until the last byte of the answer has left.
final class Exchange {
    let id: UInt64
    /// Nil when the head could not be parsed.
    let head: RequestHead?
    let startNanoseconds: UInt64
    var request: HTTPRequest?
    var extraHeaders: [(name: String, value: String)] = []
    /// The connection ends with this answer.
    var closesAfter: Bool
    /// A body was announced that nobody has begun to read.
    var hasUnreadBody = false
    /// What its body holds of the memory for bodies, once that is more than a little.
    var bodyStake: MemoryStake?
    var status = 0
    var bytesSent = 0
    var isReported = false

    init(id: UInt64, head: RequestHead?, startNanoseconds: UInt64) {
        self.id = id
        self.head = head
        self.startNanoseconds = startNanoseconds
        closesAfter = !(head?.keepsAlive ?? false)
    }
}
