package import Budgets
import Coding
package import HTTPWire
package import Identities

/// One request: its head, and its body where the route buffers it.
///
/// Cheap to copy. Text is made from the received bytes when asked for.
package struct HTTPRequest: Sendable {
    let head: RequestHead
    /// Decoded path parameters in the order of the route's pattern.
    package var parameters: [String] = []
    /// The pattern that matched; empty where none did.
    package var routePattern = ""
    /// The whole body after its content coding was taken off; empty for streamed routes.
    package var body: [UInt8] = []
    /// The client that waits for the answer; it also tells whether that client is still connected.
    package private(set) var caller: Caller
    /// The version of what requests are admitted by, as it was when this one was admitted.
    package var admissionVersion = 0
    /// Whether it came over https to this server itself.
    package var isEncrypted = false
    /// Whether the event loop that calls the handler serves no other connection at this moment.
    ///
    /// A handler may then block for a short time; only a connection that is opened meanwhile would wait for it.
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

    /// The first query parameter of a name.
    package func queryValue(_ name: String) -> String? {
        head.query.first { $0.name == name }?.value
    }

    /// The first header field of a name; the name is given in lower case.
    package func header(_ lowercasedName: String) -> String? { head.value(of: lowercasedName) }

    /// How many fields have a name.
    package func count(ofHeaders lowercasedName: String) -> Int { head.count(of: lowercasedName) }

    /// All header fields in the order sent.
    package var headers: [(name: String, value: String)] {
        head.fields.map { (head.text($0.name), head.text($0.value)) }
    }

    /// The effective host with its port, as sent: the authority of an absolute target, else the Host field.
    package var host: String { head.host }

    /// Whether the client takes gzip, by the weights of its Accept-Encoding.
    package var acceptsGzip: Bool { head.acceptsGzip }

    /// The declared length of the body on the wire; nil when there is none or it is chunked.
    package var contentLength: Int? { head.contentLength }

    /// Notes who sends the request; nil for somebody unknown.
    ///
    /// A caller is one identity: the requests of another one on the same connection get a caller of their own.
    package mutating func identify(as identity: Identity?) {
        if caller.identity !== identity { caller = Caller(peer: caller.peer, identity: identity) }
    }

    /// A request that has not been routed, without a body.
    package init(head: RequestHead, caller: Caller, isAloneOnItsThread: Bool) {
        self.head = head
        self.caller = caller
        self.isAloneOnItsThread = isAloneOnItsThread
    }
}
