internal import ArtifactStore
internal import Coding
internal import HTTPServer
internal import HTTPWire
internal import Synchronization

extension HTTPResponse {
    /// Returns the answer with an artifact, or with one range of it, as an attachment that no browser executes.
    ///
    /// Follows RFC 9110 §13 (preconditions) and §14 (ranges). A request for several ranges gets the whole file, which
    /// §14.2 allows.
    ///
    /// - Throws: the failure of an object store that does not send the file.
    static func file(_ file: OpenArtifact, name: String, _ request: HTTPRequest) throws(ArtifactError) -> HTTPResponse {
        let coding = ArtifactCoding(of: file, name: name, request)
        let entityTag = coding.entityTag(of: file)
        var headers: [(name: String, value: String)] = [
            ("Content-Type", contentType(forName: name)),
            ("Content-Disposition", contentDisposition(forName: name)),
            ("Content-Security-Policy", "sandbox; default-src 'none'"),
            ("Accept-Ranges", "bytes"),
            ("Cache-Control", "no-cache"),
            ("ETag", entityTag),
            ("Last-Modified", HTTPDate.text(file.modificationSeconds)),
        ]
        headers += coding.headers
        let preconditions = Preconditions(request, tag: entityTag, modified: file.modificationSeconds)
        switch preconditions.outcome {
        case .notModified:
            // An answer without a body has only the fields that a cache needs to update its entry (§15.4.5).
            let kept = headers.filter { ["ETag", "Cache-Control", "Vary"].contains($0.name) }
            return HTTPResponse(status: 304, headers: kept, body: .bytes([]))
        case .failed:
            let error = APIError(status: 412, code: "INVALID_STATE", message: "The artifact has been replaced.")
            return error.response
        case .proceed: break
        }
        guard preconditions.allowsRange, let range = request.header("range").flatMap({ ByteRange($0) }) else {
            return try coding.answer(file, headers: headers, isWanted: request.method != .head)
        }
        guard let bytes = range.resolved(size: file.size) else {
            headers.append(("Content-Range", "bytes */\(file.size)"))
            return HTTPResponse(status: 416, headers: headers, body: .bytes([]))
        }
        headers.append(("Content-Range", "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(file.size)"))
        let body = try file.body(bytes, isWanted: request.method != .head)
        return HTTPResponse(status: 206, headers: headers, body: body)
    }
}

extension OpenArtifact {
    /// Returns a body with a range of the file's bytes.
    ///
    /// The body keeps the file open until it has been sent.
    ///
    /// - Parameter isWanted: whether the body will be sent; false for HEAD. If true, the first bytes are read from an
    ///   object storage at once, so that a failure can still change the status of the answer.
    func body(_ range: Range<Int64>, isWanted: Bool = true) throws(ArtifactError) -> HTTPResponseBody {
        guard let descriptor else {
            let body = ObjectBody(self, range)
            if isWanted { try body.begin() }
            return .sizedStream(body, length: range.count)
        }
        return .file(HTTPFileBody(descriptor, offset: Int(range.lowerBound), length: range.count))
    }
}

/// A response body with a part of a file in an object store, which is passed on as it arrives.
private final class ObjectBody: HTTPBodyProducer {
    private struct State {
        var position: Int64
        /// The piece that `begin()` has read.
        var first: [UInt8]?
    }

    private let file: OpenArtifact
    private let end: Int64
    private let state: Mutex<State>

    init(_ file: OpenArtifact, _ range: Range<Int64>) {
        self.file = file
        end = range.upperBound
        state = Mutex(State(position: range.lowerBound))
    }

    func begin() throws(ArtifactError) {
        let result = state.withLock { state in
            Result { () throws(ArtifactError) in
                if state.position < end { state.first = try file.object?.piece(at: state.position, end: end) }
            }
        }
        try result.get()
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        try state.withLock { state in
            guard state.position < end else { return false }
            let piece = try state.first ?? file.object?.piece(at: state.position, end: end) ?? []
            state.first = nil
            state.position += Int64(piece.count)
            buffer.append(contentsOf: piece)
            return state.position < end
        }
    }
}

/// One range of a `Range` field (RFC 9110 §14.1.2).
enum ByteRange: Equatable {
    case from(Int64)
    case between(Int64, Int64)
    case last(Int64)

    /// Returns nil, so that the field is ignored, for several ranges, other units than bytes, and malformed ranges.
    init?(_ field: String) {
        let prefix = "bytes="
        guard field.prefix(prefix.count).lowercased() == prefix else { return nil }
        let parts = field.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        switch (Self.number(parts[0]), Self.number(parts[1])) {
        case (let first?, let last?) where first <= last: self = .between(first, last)
        case (let first?, nil) where parts[1].isEmpty: self = .from(first)
        case (nil, let count?) where parts[0].isEmpty: self = .last(count)
        default: return nil
        }
    }

    /// Parses digits; a number that does not fit into `Int64` becomes its maximum, which is past the end of every file.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else { return nil }
        return Int64(text) ?? .max
    }

    /// Returns the range of byte offsets in a file of this size; nil if the range contains no byte of the file.
    func resolved(size: Int64) -> Range<Int64>? {
        switch self {
        case .from(let first): first < size ? first..<size : nil
        case .between(let first, let last): first < size ? first..<min(last, size - 1) + 1 : nil
        case .last(let count): count > 0 && size > 0 ? max(0, size - count)..<size : nil
        }
    }
}
