internal import HTTPClient
internal import HTTPWire

/// An answer with which the storage refuses a request.
struct S3Fault {
    let status: Int
    /// The code in the body, such as `NoSuchKey`; the status as text if there is none, as in the answer to a HEAD.
    let code: String
    /// The region of the bucket, if the request was sent to a wrong one and the answer names the right one.
    let region: String?

    /// Reads the body of the answer.
    init(of stream: ReplyStream, on method: HTTPMethod) {
        status = stream.head.status
        let body = (try? stream.body(atMost: 65_536)) ?? []
        let element = XMLElement(body)
        code = element?["Code"] ?? String(status)
        let named = element?["Region"] ?? stream.head.value(of: "x-amz-bucket-region")
        let isMisplaced = [301, 307, 400].contains(status) || code == "AuthorizationHeaderMalformed"
        region = isMisplaced ? named.flatMap { $0.isEmpty ? nil : $0 } : nil
    }

    /// Creates the fault for an answer with status 200 that has an error in its body.
    init(code: String) {
        status = 200
        self.code = code
        region = nil
    }

    /// Whether an object store answers with this code only in the region of the bucket.
    var confirmsRegion: Bool { ["AccessDenied", "NoSuchKey", "NoSuchUpload"].contains(code) }

    var meansExpiredCredentials: Bool {
        ["ExpiredToken", "TokenRefreshRequired", "ExpiredTokenException"].contains(code)
    }

    func failure(bucket: String, address: String) -> S3Failure {
        switch code {
        case "NoSuchKey", "404": S3Failure(.noObject, "There is no such object.")
        case "NoSuchUpload": S3Failure(.noUpload, "There is no such upload in parts.")
        case "PreconditionFailed", "412": S3Failure(.changed, "The object was replaced meanwhile.")
        case "NoSuchBucket":
            S3Failure(
                .refused,
                "There is no bucket '\(bucket)' at \(address): create it, or name another one with --artifacts-destination."
            )
        case "AccessDenied", "AllAccessDisabled", "403":
            S3Failure(
                .denied,
                "The object storage denies access to the bucket '\(bucket)': the server's credentials need s3:GetObject, s3:PutObject, "
                    + "s3:DeleteObject, s3:ListBucket, s3:AbortMultipartUpload and s3:ListBucketMultipartUploads there, and with "
                    + "quotas of artifacts s3:ListMultipartUploadParts."
            )
        case "InvalidAccessKeyId", "InvalidToken", "InvalidClientTokenId":
            S3Failure(
                .denied,
                "The object storage does not know the server's access key: check AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN or AWS_PROFILE."
            )
        case "SignatureDoesNotMatch":
            S3Failure(
                .denied,
                "The object storage does not accept the server's signature: check AWS_SECRET_ACCESS_KEY, the region (AWS_REGION), "
                    + "and that no proxy changes requests."
            )
        case "RequestTimeTooSkewed":
            S3Failure(
                .denied,
                "The clock of this server and that of the object storage are too far apart: set the clock."
            )
        case "ExpiredToken", "TokenRefreshRequired", "ExpiredTokenException":
            S3Failure(
                .denied,
                "The server's credentials for the object storage have expired: give the server new ones."
            )
        case "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException":
            S3Failure(.refused, "The bucket '\(bucket)' is in another region: set AWS_REGION to it.")
        case "InvalidBucketName":
            S3Failure(.refused, "The object storage does not accept '\(bucket)' as the name of a bucket.")
        case "NotImplemented", "MethodNotAllowed", "501", "405":
            S3Failure(.refused, "The object storage does not know this request: \(code).", isUnknownOperation: true)
        case "InvalidPart", "InvalidPartOrder", "EntityTooSmall":
            S3Failure(.wrongParts, "The object storage refuses the list of parts: \(code).")
        case "EntityTooLarge", "KeyTooLongError", "InvalidObjectState", "MalformedXML", "InvalidRequest",
            "InvalidArgument":
            S3Failure(.refused, "The object storage refuses the request: \(code).")
        default:
            if (300..<400).contains(status) {
                S3Failure(
                    .refused,
                    "\(address) redirects (\(status)), which an object storage does not do within one address; check the endpoint "
                        + "and any proxy in front of it."
                )
            } else if status >= 500 || status == 429 || status == 408 || Self.temporaryCodes.contains(code) {
                S3Failure(.unavailable, "The object storage at \(address) is overloaded or failing (\(code)).")
            } else {
                S3Failure(.refused, "The object storage at \(address) refuses the request: \(code).")
            }
        }
    }

    /// The codes of temporary failures, and of bodies that were damaged in transit.
    private static let temporaryCodes: Set<String> = [
        "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted", "RequestLimitExceeded",
        "Throttling", "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody",
        "ConditionalRequestConflict",
    ]
}
