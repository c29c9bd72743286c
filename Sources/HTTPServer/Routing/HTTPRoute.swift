package import HTTPWire

/// The closure that answers the requests of a route; the case says how it receives the body and on which thread it runs.
package indirect enum HTTPHandler: Sendable {
    /// The body is collected first.
    ///
    /// The handler runs on the connection's event loop and must not block; if the body is larger than
    /// `HTTPLimits.inlineBodyBytes` or is compressed, the handler runs on another thread instead. A nil maximum means
    /// `HTTPLimits.bodyBytes`.
    case buffered(maximumBodyBytes: Int? = nil, @Sendable (HTTPRequest, HTTPResponder) -> Void)
    /// The body is passed on in pieces as it arrives; a content coding is not decoded.
    ///
    /// The closure is called on a worker thread, with a request without a body. It returns nil if it has answered
    /// already. An answer that is sent before the body has ended stops the reception.
    case streamed(@Sendable (HTTPRequest, HTTPResponder) -> (any HTTPBodyReceiver)?)
    /// The body is collected first; the handler runs on a worker thread and may block. A nil maximum means
    /// `HTTPLimits.bodyBytes`.
    case blocking(maximumBodyBytes: Int? = nil, @Sendable (HTTPRequest, HTTPResponder) -> Void)

    /// Another handler whose blocking work runs on separate threads, because it may wait for another server.
    case apart(HTTPHandler)

    /// The same handler with a maximum of `bytes` for the body; `streamed` is unchanged, because its receiver limits the body.
    package func limitingBody(to bytes: Int) -> HTTPHandler {
        switch self {
        case .buffered(let maximum, let handler):
            .buffered(maximumBodyBytes: min(maximum ?? bytes, bytes), handler)
        case .blocking(let maximum, let handler):
            .blocking(maximumBodyBytes: min(maximum ?? bytes, bytes), handler)
        case .streamed: self
        case .apart(let handler): .apart(handler.limitingBody(to: bytes))
        }
    }
}

/// The result of looking up a route.
package enum HTTPRouteMatch: Sendable {
    /// `number` is what `HTTPRouter.add` returned for the route.
    case found(HTTPHandler, pattern: String, parameters: [String], number: Int)
    /// The path exists, but not with this method.
    case methodNotAllowed(allow: [HTTPMethod])
    case notFound
}
