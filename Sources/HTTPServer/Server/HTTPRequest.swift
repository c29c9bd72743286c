package import Budgets
import Coding
package import HTTPWire
package import Identities

/// One request: its head, and its body if the route buffers it.
///
/// Cheap to copy. The properties make their texts from the received bytes at each call.
package struct HTTPRequest: Sendable {
    let head: RequestHead
    /// Decoded path parameters in the order of the route's pattern.
    package var parameters: [String] = []
    /// The pattern that matched; empty if no pattern did.
    package var routePattern = ""
    /// The number of the route that matched, as `HTTPRouter.add` returned it; nil if none did.
    package var routeNumber: Int?
    /// The whole body, decompressed if it had a content coding; empty for streamed routes.
    package var body: [UInt8] = []
    /// The client that waits for the answer; `hasLeft` says whether it has disconnected.
    package private(set) var caller: Caller
    /// The number that `HTTPReadmission.version` returned just before the last decision about this request.
    package var admissionVersion = 0
    /// When the head was complete, in nanoseconds of the monotonic clock (`SystemCall.preciseNanoseconds`); this shows which of
    /// two requests arrived first, even if the first one is handled last.
    package let arrival: UInt64
    /// Whether the connection to this server is encrypted; the connection to a proxy in front of it does not count.
    package var isEncrypted = false
    /// Whether the event loop that calls the handler serves no other connection now.
    ///
    /// If so, the handler may block for a short time, because only a connection that is opened during this time would have to
    /// wait.
    package let isAloneOnItsThread: Bool

    package var method: HTTPMethod { head.method }

    /// The target as sent, percent-encoded, with its query.
    package var rawTarget: String { head.text(head.target) }

    /// The path as sent, percent-encoded, without the query.
    package var rawPath: String { head.path.isEmpty ? "/" : head.text(head.path) }

    /// The path, decoded exactly once as a whole; a `/` in it may have been sent as `%2F`.
    package var path: String {
        if head.path.isEmpty { return "/" }
        return head.withBytes(head.path) { PercentCoding.decode($0) } ?? head.text(head.path)
    }

    /// Decoded query parameters in the order sent, repeated ones included.
    package var query: [(name: String, value: String)] { head.query }

    /// The value of the first query parameter with this name; nil if there is none.
    package func queryValue(_ name: String) -> String? { head.query.first { $0.name == name }?.value }

    /// The value of the first header field with this name; nil if there is none.
    package func header(_ lowercasedName: String) -> String? { head.value(of: lowercasedName) }

    /// The number of header fields with this name.
    package func count(ofHeaders lowercasedName: String) -> Int { head.count(of: lowercasedName) }

    /// Calls `body` with the bytes of the value of the only header field with this name; returns nil, without a call, if there is
    /// no such field or more than one.
    package func withOnlyHeader<Result>(
        _ lowercasedName: String,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result? {
        head.rangeOfOnlyValue(of: lowercasedName).map { head.withBytes($0, body) }
    }

    /// All header fields in the order sent.
    package var headers: [(name: String, value: String)] {
        head.fields.map { (head.text($0.name), head.text($0.value)) }
    }

    /// The effective host with its port, as sent: the authority of an absolute target, else the Host field.
    package var host: String { head.host }

    /// Whether the client accepts gzip, by the weights in its Accept-Encoding field.
    package var acceptsGzip: Bool { head.acceptsGzip }

    /// Sets the identity of the client that sends the request; nil if it is unknown.
    ///
    /// A `Caller` has one identity. If another identity sends requests on the same connection, its requests get another `Caller`.
    ///
    /// - Parameter credential: the credential by which the identity was found, if the next requests of the connection that have
    ///   the same credential need no look-up.
    package mutating func identify(as identity: Identity?, by credential: CheckedCredential? = nil) {
        if caller.identity !== identity || credential != nil {
            caller = caller.with(identity, foundBy: credential)
        }
    }

    /// A request that has not been routed, without a body.
    ///
    /// - Parameter arrival: when the head was complete; nil for now.
    package init(head: RequestHead, caller: Caller, isAloneOnItsThread: Bool, arrival: UInt64? = nil) {
        self.head = head
        self.arrival = arrival ?? SystemCall.preciseNanoseconds()
        self.caller = caller
        self.isAloneOnItsThread = isAloneOnItsThread
    }
}
