internal import Coding
internal import Hashing

/// Signs requests by AWS Signature Version 4.
package struct RequestSigner: Sendable {
    /// The parts of a request that a signature covers.
    package struct Request: Sendable {
        package var method: String
        /// The path as it is sent: percent-encoded, and never normalised.
        package var path: String
        /// Names and values as they are meant, not encoded.
        package var query: [(name: String, value: String)]
        /// The fields that are signed, Host among them.
        package var fields: [(name: String, value: String)]
        /// The SHA-256 of the body in hexadecimal, or one of the words that stand for it.
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

    /// Stands for the hash of a body that is not signed.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    private static let algorithm = "AWS4-HMAC-SHA256"

    private let credentials: S3Credentials
    private let region: String
    private let service: String

    package init(_ credentials: S3Credentials, region: String, service: String = "s3") {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The fields that a request needs besides its own: those of the signature, and its value last.
    ///
    /// - Parameter seconds: since 1970; the server refuses a clock that is wrong by more than a quarter of an hour.
    package func fields(for request: Request, at seconds: Int64) -> [(name: String, value: String)] {
        let moment = SignedMoment(seconds)
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

    /// The query of an address that permits its bearer this request, and nothing else, for some time.
    ///
    /// - Parameters:
    ///   - request: with the fields that its sender will send, Host among them; its body is not signed.
    ///   - expires: seconds from now on, at most 604,800.
    package func presignedQuery(for request: Request, at seconds: Int64, expires: Int64) -> String {
        let moment = SignedMoment(seconds)
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

    private func scope(_ moment: SignedMoment) -> String { "\(moment.day)/\(region)/\(service)/aws4_request" }

    private func signature(of request: Request, at moment: SignedMoment) -> String {
        let digest = Hexadecimal.text(SHA256.digest(of: Array(Self.canonicalForm(of: request).utf8)))
        let text = "\(Self.algorithm)\n\(moment.text)\n\(scope(moment))\n\(digest)"
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [String(moment.day), region, service, "aws4_request", text] {
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

    /// The query, encoded and sorted: the form in which it is signed, and sent.
    package static func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
        query.map { (PercentCoding.encode($0.name), PercentCoding.encode($0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0)=\($1)" }
            .joined(separator: "&")
    }

    /// Names in lower case, values without spaces around them and with one where several follow each other.
    private static func sorted(_ fields: [(name: String, value: String)]) -> [(name: String, value: String)] {
        fields.map { field in
            (name: field.name.lowercased(), value: field.value.split(separator: " ").joined(separator: " "))
        }.sorted { $0.name < $1.name }
    }

    private static func signedNames(_ fields: [(name: String, value: String)]) -> String {
        sorted(fields).map(\.name).joined(separator: ";")
    }
}
