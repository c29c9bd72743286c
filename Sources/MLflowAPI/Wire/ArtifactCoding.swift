internal import ArtifactStore
internal import HTTPServer
internal import HTTPWire
internal import Synchronization

/// How the content of an artifact is sent: unchanged, or compressed for a client that accepts gzip.
///
/// Only text of 1 KiB or more is compressed, and only whole files, because ranges count the bytes of the uncompressed content
/// (RFC 9110 §14.2). The compressed content has its own entity tag (§8.8.3.3). Uncompressed content is sent by `sendfile`.
enum ArtifactCoding {
    /// The artifact is never sent compressed.
    case identityAlone
    /// The client does not accept gzip or has requested a range.
    case identity
    case gzip

    init(of file: OpenArtifact, name: String, _ request: HTTPRequest) {
        if !isTextLike(name) || file.size < GzippedArtifact.minimumBytes {
            self = .identityAlone
        } else {
            self = request.acceptsGzip && request.header("range") == nil ? .gzip : .identity
        }
    }

    /// Returns the entity tag of the content in this coding.
    func entityTag(of file: OpenArtifact) -> String {
        switch self {
        case .identityAlone, .identity: file.entityTag
        case .gzip: file.entityTag.dropLast() + "-gzip\""
        }
    }

    /// The fields that every answer about the file must contain, including 304.
    var headers: [(name: String, value: String)] {
        switch self {
        case .identityAlone: []
        case .identity, .gzip: [("Vary", "Accept-Encoding")]
        }
    }

    /// Returns the answer with the whole file.
    ///
    /// - Parameter isWanted: whether the body will be sent, as for `OpenArtifact.body`.
    func answer(
        _ file: OpenArtifact,
        headers: [(name: String, value: String)],
        isWanted: Bool = true
    ) throws(ArtifactError) -> HTTPResponse {
        guard case .gzip = self else {
            return HTTPResponse(headers: headers, body: try file.body(0..<file.size, isWanted: isWanted))
        }
        return HTTPResponse(headers: headers + [("Content-Encoding", "gzip")], body: .stream(GzipBody(file)))
    }
}

/// Compresses a file as it is sent.
private final class GzipBody: HTTPBodyProducer {
    private let file: OpenArtifact
    private let compression = Mutex<GzippedArtifact?>(nil)

    init(_ file: OpenArtifact) { self.file = file }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        // The compressor is created with the first piece, because an answer to HEAD needs no compressor.
        try compression.withLock { compression in
            var artifact = try compression ?? GzippedArtifact(file)
            defer { compression = artifact }
            return try artifact.next(into: &buffer)
        }
    }
}
