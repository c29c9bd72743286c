/// Encodes the pieces of a body in the chunked transfer coding (RFC 9112 §7.1).
package enum ChunkedEncoder {
    /// Encodes one piece as a chunk.
    ///
    /// An empty piece gives no chunk, because an empty chunk would end the body.
    /// - Parameter isLast: whether to append the empty chunk that ends the body.
    package static func encode(_ piece: [UInt8], isLast: Bool) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(piece.count + 32)
        if !piece.isEmpty {
            result.append(contentsOf: String(piece.count, radix: 16).utf8)
            result.append(contentsOf: "\r\n".utf8)
            result.append(contentsOf: piece)
            result.append(contentsOf: "\r\n".utf8)
        }
        if isLast { result.append(contentsOf: "0\r\n\r\n".utf8) }
        return result
    }
}
