internal import HTTPServer
internal import HTTPWire
internal import Tracking

extension MLflowAPI {
    /// The endpoint as a server with `--artifacts-only` has it: artifacts by path and calls about the server work.
    ///
    /// All others answer 501; the reference's 503 would make its client retry for minutes.
    func openWithArtifactsOnly(_ endpoint: Endpoint) -> Endpoint {
        if endpoint.family == .artifacts || endpoint.access.resources == [.server] { return endpoint }
        let error = TrackingError(
            .notImplemented,
            "Endpoint: \(endpoint.path) disabled due to the server running in `--artifacts-only` mode. "
                + "To enable tracking server functionality, start it without `--artifacts-only`."
        )
        let answer = APIError(error).response
        var closed = endpoint
        // The answer is sent without reading the body, and before it arrives.
        closed.handling = .streamed { _, responder in
            responder.send(answer)
            return nil
        }
        return closed
    }
}
