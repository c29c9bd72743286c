package import HTTPWire

/// A summary of a request and its answer for logs and metrics, made just before the last bytes of the answer are sent.
package struct HTTPExchange: Sendable {
    /// The pattern of the route; empty when none matched.
    package let routePattern: String
    /// The request method; nil when the head could not be parsed.
    package let method: HTTPMethod?
    package let status: Int
    /// The time from the end of the request head until just before the last bytes of the answer are given to the kernel.
    package let durationNanoseconds: UInt64
    /// The number of bytes of the answer's head and body on the wire.
    package let bytesSent: Int
}
