internal import ArtifactStore
internal import Tracking

// What is not offered yet and takes an artifact path: a harmful path is refused as such first, as the reference does.

extension MLflowAPI {
    var pathTakingEndpoints: [Endpoint] {
        ["2.0", "3.0"].map { version in
            unsupported("/ajax-api/\(version)/mlflow/get-trace-artifact", refuseTraceArtifact)
        }
    }

    /// The refusal of the path itself, or else of the request.
    func refusal(of path: String, or error: TrackingError) -> APIResponse {
        do {
            _ = try ArtifactPath(path)
            return APIError(error).response
        } catch {
            return failure(error, path: path)
        }
    }

    private func unsupported(
        _ path: String,
        _ refuse: @escaping @Sendable (APIRequest) throws -> APIResponse
    ) -> Endpoint {
        Endpoint(
            method: "GET",
            path: path,
            handling: .message { request, reply in
                do {
                    reply(try refuse(request))
                } catch {
                    reply(response(to: error))
                }
            }
        )
    }

    /// With a path the reference wants the UUID of an attachment.
    private func refuseTraceArtifact(_ request: APIRequest) throws -> APIResponse {
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

    /// 32 hexadecimal digits, with or without hyphens.
    private static func isUUID(_ text: String) -> Bool {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        return digits.count == 32 && String(decoding: digits, as: UTF8.self).allSatisfy(\.isHexDigit)
    }
}
