internal import ArtifactStore
internal import HTTPServer
internal import HTTPWire
internal import Tracking

extension MLflowAPI {
    /// The endpoints that refuse all requests for artifacts of traces, because Apus does not serve traces yet.
    ///
    /// As in MLflow, the error for an invalid path comes before any other error about the path.
    var traceArtifactEndpoints: [[Endpoint]] {
        let handler = HTTPHandler.buffered { request, responder in
            do {
                responder.send(try refuseTraceArtifact(request))
            } catch { responder.send(response(to: error)) }
        }
        return ["2.0", "3.0"].map { version in
            endpoint(.get, .pages, version + "/mlflow/get-trace-artifact", .lookUp(.none), handler: handler)
        }
    }

    /// Returns the response with the error for an invalid path or, if the path is valid, with `error`.
    func refusal(of path: String, or error: TrackingError) -> HTTPResponse {
        do {
            _ = try ArtifactPath(path)
            return APIError(error).response
        } catch { return failure(error, path: path) }
    }

    /// As in MLflow, a path in the request must be the UUID of an attachment.
    private func refuseTraceArtifact(_ request: HTTPRequest) throws -> HTTPResponse {
        guard let traceID = request.queryValue("request_id"), !traceID.isEmpty else {
            throw TrackingError(.badRequest, "Request must include the \"request_id\" query parameter.")
        }
        let noTraces = TrackingError(.notImplemented, "Traces are not offered by this server yet.")
        guard let path = request.queryValue("path"), !path.isEmpty else { throw noTraces }
        let isNoAttachment = TrackingError.invalidParameter(
            "Invalid attachment path: '\(path)'. Attachment path must be a valid UUID."
        )
        return refusal(of: path, or: Self.isUUID(path) ? noTraces : isNoAttachment)
    }

    /// Whether a text consists of 32 hexadecimal digits, with or without hyphens.
    private static func isUUID(_ text: String) -> Bool {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        return digits.count == 32 && String(decoding: digits, as: UTF8.self).allSatisfy(\.isHexDigit)
    }
}
