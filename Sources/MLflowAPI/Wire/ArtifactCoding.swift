internal import ArtifactStore
internal import HTTPServer
internal import HTTPWire
internal import Synchronization

/// How the content of an artifact travels: as it is, or compressed for a client that takes gzip.
///
/// Only text of 1 KiB or more is compressed, and only whole: ranges count bytes of the content as it is (RFC 9110
/// §14.2). The compressed content has an entity tag of its own (§8.8.3.3). All else keeps going out by `sendfile`.
enum ArtifactCoding {
    /// The artifact has no compressed form.
    case identityAlone
    /// The client does not take gzip, or asked for a range.
    case identity
    case gzip

    init(of file: OpenArtifact, name: String, _ request: HTTPRequest) {
        if !isTextLike(name) || file.size < GzippedArtifact.minimumBytes {
            self = .identityAlone
        } else {
            self = request.acceptsGzip && request.header("range") == nil ? .gzip : .identity
        }
    }

    /// The tag of the content in this coding.
    func entityTag(of file: OpenArtifact) -> String {
        switch self {
        case .identityAlone, .identity: file.entityTag
        case .gzip: file.entityTag.dropLast() + "-gzip\""
        }
    }

    /// The fields of every answer about the file, including 304.
    var headers: [(name: String, value: String)] {
        switch self {
        case .identityAlone: []
        case .identity, .gzip: [("Vary", "Accept-Encoding")]
        }
    }

    /// The answer with all of the file.
    ///
    /// - Parameter isWanted: as for `OpenArtifact.body`.
    func whole(
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

    init(_ file: OpenArtifact) {
        self.file = file
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        // Made at the first piece: an answer to HEAD needs none.
        try compression.withLock { compression in
            var artifact = try compression ?? GzippedArtifact(file)
            defer { compression = artifact }
            return try artifact.next(into: &buffer)
        }
    }
}
