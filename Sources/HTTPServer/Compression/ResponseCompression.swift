import Coding
import HTTPWire
import Synchronization

/// Decides whether a response is compressed, and compresses it.
enum ResponseCompression {
    /// Bodies of up to this many bytes are not compressed, because the extra header fields cost more than compression saves.
    static let longestUncompressedBytes = 1_024

    /// Returns whether the response must be compressed for this client, and adds `Vary` if it is compressed for some clients.
    static func negotiate(_ response: inout HTTPResponse, acceptsGzip: Bool) -> Bool {
        guard isEligible(response) else { return false }
        // Caches must know that another client may get other bytes (RFC 9110 §12.5.5).
        response.headers.append(("Vary", "Accept-Encoding"))
        return acceptsGzip
    }

    /// Compresses the response; does not change it if there is no memory for a compressor.
    ///
    /// Must not be called on an event loop, because compressing a body in memory takes long. A streamed body is compressed
    /// later, piece by piece.
    static func apply(to response: inout HTTPResponse) {
        switch response.body {
        case .bytes(let bytes):
            guard let compressed = bytes.withUnsafeBytes(compress) else { return }
            response.body = .bytes(compressed)
        case .staticBytes(let bytes):
            guard let compressed = compress(bytes.pointer) else { return }
            response.body = .bytes(compressed)
        case .stream(let producer):
            guard let compressing = CompressingProducer(producer) else { return }
            response.body = .stream(compressing)
        case .file, .sizedStream: return
        }
        response.headers.append(("Content-Encoding", "gzip"))
    }

    private static func isEligible(_ response: HTTPResponse) -> Bool {
        switch response.body {
        case .bytes(let bytes): if bytes.count <= longestUncompressedBytes { return false }
        case .staticBytes(let bytes): if bytes.pointer.count <= longestUncompressedBytes { return false }
        case .file, .sizedStream: return false
        case .stream: break
        }
        // The ranges of a partial response count bytes of the uncompressed representation (RFC 9110 §14.4).
        guard response.status != 206, response.header("content-encoding") == nil,
            let type = response.header("content-type")
        else { return false }
        return type.hasPrefix("application/json") || type.hasPrefix("text/")
    }

    private static func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let deflater = DeflaterPool.take() else { return nil }
        defer { DeflaterPool.giveBack(deflater) }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count / 4 + 64)
        deflater.compress(bytes, isLast: true, into: &output)
        return output
    }
}

/// Compresses the pieces that another producer makes.
private final class CompressingProducer: HTTPBodyProducer {
    private let source: any HTTPBodyProducer
    private let deflater: Deflater

    init?(_ source: any HTTPBodyProducer) {
        guard let deflater = DeflaterPool.take() else { return nil }
        self.source = source
        self.deflater = deflater
    }

    deinit { DeflaterPool.giveBack(deflater) }

    /// The memory of the source and of the compressor, which is about 256 KiB.
    var memoryBytes: Int { source.memoryBytes + 256 * 1_024 }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        var plain: [UInt8] = []
        let hasMore = try source.next(into: &plain)
        plain.withUnsafeBytes { deflater.compress($0, isLast: !hasMore, into: &buffer) }
        return hasMore
    }
}

/// A pool of compressors that are reused, because making one costs more than compressing a small response.
private enum DeflaterPool {
    private static let idle = Mutex<[Deflater]>([])
    private static let size = 4

    /// Returns a compressor that is ready for use, or nil if there is no memory for one.
    static func take() -> Deflater? { idle.withLock { $0.popLast() } ?? Deflater(.gzip) }

    /// Returns a compressor to the pool, or frees it if the pool is full.
    static func giveBack(_ deflater: Deflater) {
        guard deflater.restart() else { return }
        idle.withLock { if $0.count < size { $0.append(deflater) } }
    }
}
