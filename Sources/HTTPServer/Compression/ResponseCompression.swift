import Coding
import HTTPWire
import Synchronization

/// Decides whether an answer is compressed, and does it.
enum ResponseCompression {
    /// Below this size the head costs more than compression saves.
    static let minimumBytes = 1_024

    /// Whether the answer should be compressed for this client; marks it for caches, if it may be compressed at all.
    static func isWanted(for response: inout HTTPResponse, acceptsGzip: Bool) -> Bool {
        guard isEligible(response) else { return false }
        // Caches must know that another client may get other bytes (RFC 9110 §12.5.5).
        response.headers.append(("Vary", "Accept-Encoding"))
        return acceptsGzip
    }

    /// Compresses the answer, which takes long: never called on an event loop.
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
        case .file: return
        }
        response.headers.append(("Content-Encoding", "gzip"))
    }

    private static func isEligible(_ response: HTTPResponse) -> Bool {
        switch response.body {
        case .bytes(let bytes): if bytes.count <= minimumBytes { return false }
        case .staticBytes(let bytes): if bytes.pointer.count <= minimumBytes { return false }
        case .file: return false
        case .stream: break
        }
        // A partial answer counts bytes of the plain representation (RFC 9110 §14.4).
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

/// Compresses what another producer makes.
private final class CompressingProducer: HTTPBodyProducer {
    private let source: any HTTPBodyProducer
    private let deflater: Deflater

    init?(_ source: any HTTPBodyProducer) {
        guard let deflater = DeflaterPool.take() else { return nil }
        self.source = source
        self.deflater = deflater
    }

    deinit {
        DeflaterPool.giveBack(deflater)
    }

    /// Its compressor takes some 256 KiB.
    var memoryBytes: Int { source.memoryBytes + 256 * 1_024 }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        var plain: [UInt8] = []
        let hasMore = try source.next(into: &plain)
        plain.withUnsafeBytes { deflater.compress($0, isLast: !hasMore, into: &buffer) }
        return hasMore
    }
}

/// Compressors that go from answer to answer, because making one costs more than a small answer.
private enum DeflaterPool {
    private static let idle = Mutex<[Deflater]>([])
    private static let size = 4

    /// A fresh compressor, or nil when memory is short: the answer then goes out as it is.
    static func take() -> Deflater? {
        idle.withLock { $0.popLast() } ?? Deflater(.gzip)
    }

    /// Gives a compressor back; beyond a few they are freed.
    static func giveBack(_ deflater: Deflater) {
        guard deflater.restart() else { return }
        idle.withLock { if $0.count < size { $0.append(deflater) } }
    }
}
