package import HTTPWire

/// How a route wants its requests.
package enum HTTPHandling: Sendable {
    /// The whole body first. The handler runs on the connection's loop and must not block, unless the body is above
    /// `HTTPLimits.inlineBodyBytes` or compressed: then on a worker queue. Nil means `HTTPLimits.bodyBytes`.
    case buffered(maximumBodyBytes: Int? = nil, @Sendable (HTTPRequest, HTTPResponder) -> Void)
    /// The body piece by piece, as it is sent: no content coding is taken off, whatever it is. Called on a worker queue
    /// with the head alone; nil means it has answered already. An answer given before the body has ended stops the
    /// reception.
    case streamed(@Sendable (HTTPRequest, HTTPResponder) -> (any HTTPBodyReceiver)?)
    /// The whole body first, at most `HTTPLimits.bodyBytes`; the handler runs on a worker queue and may block.
    case blocking(@Sendable (HTTPRequest, HTTPResponder) -> Void)
}

/// What a router found.
package enum HTTPRouteMatch: Sendable {
    case found(HTTPHandling, pattern: String, parameters: [String])
    /// The path exists with other methods only.
    case methodNotAllowed(allow: [HTTPMethod])
    case notFound
}
