internal import Coding
internal import Hashing

/// Signs requests by AWS Signature Version 4.
package struct RequestSigner: Sendable {
    /// The parts of a request that a signature covers.
    package struct Request: Sendable {
        package var method: String
        /// The path as it is sent, percent-encoded; S3 does not normalise it.
        package var path: String
        /// The names and values, without percent-encoding.
        package var query: [(name: String, value: String)]
        /// The header fields that are signed; Host must be among them.
        package var fields: [(name: String, value: String)]
        /// The SHA-256 of the body in hexadecimal, or `unsignedPayload`.
        package var payloadHash: String

        package init(
            method: String,
            path: String,
            query: [(name: String, value: String)] = [],
            fields: [(name: String, value: String)],
            payloadHash: String
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.fields = fields
            self.payloadHash = payloadHash
        }
    }

    /// The value in place of the hash if the body is not signed.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    private static let algorithm = "AWS4-HMAC-SHA256"

    private let credentials: S3Credentials
    private let region: String

    package init(_ credentials: S3Credentials, region: String) {
        self.credentials = credentials
        self.region = region
    }

    /// Returns the header fields to add to a request; the last one is `Authorization`.
    ///
    /// - Parameter seconds: the time in Unix seconds; S3 refuses a request whose time is wrong by more than 15 minutes.
    package func fields(for request: Request, at seconds: Int64) -> [(name: String, value: String)] {
        let moment = S3Timestamp(seconds)
        var request = request
        var added = [
            (name: "x-amz-content-sha256", value: request.payloadHash), (name: "x-amz-date", value: moment.text),
        ]
        if let token = credentials.sessionToken { added.append(("x-amz-security-token", token)) }
        request.fields += added
        let signature = signature(of: request, at: moment)
        let value =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(moment)),"
            + "SignedHeaders=\(Self.signedNames(request.fields)),Signature=\(signature)"
        return added + [("Authorization", value)]
    }

    /// Returns the query of a presigned URL, with which anybody may send this request until the URL expires.
    ///
    /// - Parameters:
    ///   - request: the request, with the fields that the sender must send, Host among them; the body is not signed.
    ///   - seconds: the time in Unix seconds.
    ///   - expires: the lifetime of the URL in seconds, at most 604,800.
    package func presignedQuery(for request: Request, at seconds: Int64, expires: Int64) -> String {
        let moment = S3Timestamp(seconds)
        var request = request
        request.payloadHash = Self.unsignedPayload
        request.query += [
            ("X-Amz-Algorithm", Self.algorithm),
            ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(moment))"),
            ("X-Amz-Date", moment.text),
            ("X-Amz-Expires", String(expires)),
            ("X-Amz-SignedHeaders", Self.signedNames(request.fields)),
        ]
        if let token = credentials.sessionToken { request.query.append(("X-Amz-Security-Token", token)) }
        return Self.canonicalQuery(request.query) + "&X-Amz-Signature=" + signature(of: request, at: moment)
    }

    private func scope(_ moment: S3Timestamp) -> String { "\(moment.day)/\(region)/s3/aws4_request" }

    private func signature(of request: Request, at moment: S3Timestamp) -> String {
        let digest = Hexadecimal.text(SHA256.digest(of: Array(Self.canonicalForm(of: request).utf8)))
        let text = "\(Self.algorithm)\n\(moment.text)\n\(scope(moment))\n\(digest)"
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [String(moment.day), region, "s3", "aws4_request", text] {
            key = HMAC(key: key).authenticationCode(for: Array(part.utf8))
        }
        return Hexadecimal.text(key)
    }

    private static func canonicalForm(of request: Request) -> String {
        let fields = sorted(request.fields).map { "\($0.name):\($0.value)\n" }.joined()
        return [
            request.method, request.path, canonicalQuery(request.query), fields, signedNames(request.fields),
            request.payloadHash,
        ].joined(separator: "\n")
    }

    /// Returns the query percent-encoded and sorted, as it is signed and sent.
    package static func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
        query.map { (PercentCoding.encode($0.name), PercentCoding.encode($0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0)=\($1)" }
            .joined(separator: "&")
    }

    /// Returns the fields in the order and the form that are signed: names in lower case; values without spaces at their
    /// ends, and with a single space for each run of spaces.
    private static func sorted(_ fields: [(name: String, value: String)]) -> [(name: String, value: String)] {
        fields.map { field in
            (name: field.name.lowercased(), value: field.value.split(separator: " ").joined(separator: " "))
        }.sorted { $0.name < $1.name }
    }

    private static func signedNames(_ fields: [(name: String, value: String)]) -> String {
        sorted(fields).map(\.name).joined(separator: ";")
    }
}
