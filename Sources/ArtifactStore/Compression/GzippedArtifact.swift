internal import Coding
internal import Glibc

/// The content of a file as a gzip stream that is made in pieces, with about 400 KiB of memory.
package struct GzippedArtifact: Sendable {
    /// The smallest file that is compressed, in bytes: for a smaller file, the additional header fields cost more bytes
    /// than compression saves.
    package static let minimumBytes: Int64 = 1_024
    private static let pieceBytes = 64 * 1_024

    private let file: OpenArtifact
    private let deflater: Deflater
    private var position: Int64 = 0

    /// - Throws: `.other` with ENOMEM if there is not enough memory.
    package init(_ file: OpenArtifact) throws(ArtifactError) {
        self.file = file
        deflater = try makeDeflater(.gzip)
    }

    /// Compresses the next 64 KiB of the file and appends the output, which may be empty; blocks on the disk.
    ///
    /// - Returns: whether the file has more bytes.
    /// - Throws: `.other` with ENODATA if the file has become shorter since it was opened; other errors of the file system.
    package mutating func next(into buffer: inout [UInt8]) throws(ArtifactError) -> Bool {
        let isLast = file.size - position <= Self.pieceBytes
        try file.withBytes(at: position, upTo: Self.pieceBytes) { (bytes) throws(ArtifactError) in
            deflater.compress(bytes, isLast: isLast, into: &buffer)
        }
        position += Int64(Self.pieceBytes)
        return !isLast
    }
}

/// Makes a compressor; throws `.other` with ENOMEM if there is not enough memory.
func makeDeflater(_ wrapper: Deflater.Wrapper) throws(ArtifactError) -> Deflater {
    guard let deflater = Deflater(wrapper) else { throw .other(errno: ENOMEM, call: "deflateInit2") }
    return deflater
}
