package import HTTPWire

/// The complete response of a server.
package struct HTTPReply: Sendable {
    package let head: ResponseHead
    package let body: [UInt8]

    package init(head: ResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }

    package var status: Int { head.status }

    /// The value of the first field with a name, which must be in lower case; nil if there is no such field.
    package func field(_ name: String) -> String? { head.value(of: name) }
}
