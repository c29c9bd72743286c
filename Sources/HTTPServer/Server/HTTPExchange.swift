package import HTTPWire

/// What is known about an exchange when the end of its answer is about to leave, for logs and metrics.
package struct HTTPExchange: Sendable {
    /// The pattern of the route; empty when none matched.
    package let routePattern: String
    /// Nil when the head could not be parsed.
    package let method: HTTPMethod?
    package let status: Int
    /// From the complete head to the moment before the end of the answer is handed to the kernel.
    package let durationNanoseconds: UInt64
    /// Bytes of the answer's head and body on the wire.
    package let bytesSent: Int
}
