internal import HTTPServer
internal import HTTPWire
internal import Tracking

extension MLflowAPI {
    /// Returns an endpoint as a server with `--artifacts-only` offers it.
    ///
    /// Proxied artifacts and calls about the server work as usual. All other endpoints answer 501, and not 503 as in
    /// MLflow, because the client would repeat the request for minutes after 503.
    func restrictedToArtifacts(_ endpoint: Endpoint) -> Endpoint {
        if endpoint.family == .artifacts || endpoint.access.resources == [.server] { return endpoint }
        let error = TrackingError(
            .notImplemented,
            "Endpoint: \(endpoint.path) disabled due to the server running in `--artifacts-only` mode. "
                + "To enable tracking server functionality, start it without `--artifacts-only`."
        )
        return endpoint.refusing(with: error)
    }
}

extension Endpoint {
    /// Returns the endpoint with a handler that answers every request with an error, without reading the body.
    func refusing(with error: TrackingError) -> Endpoint {
        let answer = APIError(error).response
        var endpoint = self
        // A streamed handler answers before the body arrives.
        endpoint.handler = .streamed { _, responder in
            responder.send(answer)
            return nil
        }
        return endpoint
    }
}
