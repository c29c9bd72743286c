internal import Budgets
package import HTTPWire

extension RequestHeadParser {
    /// As `parse`, but gives the head as a request without a body.
    package mutating func advance(
        _ bytes: UnsafeRawBufferPointer
    ) throws(HTTPRefusal) -> (request: HTTPRequest, length: Int)? {
        guard let (head, length) = try parse(bytes) else { return nil }
        return (HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false), length)
    }
}
