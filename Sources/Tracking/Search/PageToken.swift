internal import Coding

/// The position at which a page begins.
package enum PageStart: Sendable {
    case beginning
    /// After the row with these sort values, which are in the order of the query's sort terms.
    case after([SortValue])
    /// After this number of rows. MLflow's page tokens have this form. Apus accepts them, so that a client that got its
    /// last page from MLflow can get the next page from Apus.
    case offset(Int64)
}

/// One sort value of a row, exactly as the database stores it.
package enum SortValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
}

/// A page token, which identifies a query and the last row of a page.
///
/// Clients must not interpret page tokens.
/// The layout before base64, with numbers in big-endian order: a version byte, the digest of the query (8 bytes), and for each
/// sort value a type byte, the length if the value is a text (8 bytes), and the bytes of the value. A double is stored as its
/// bit pattern, so that the next page begins exactly after the last row.
package struct PageToken {
    private static let version: UInt8 = 0xA1

    package static func make(after values: [SortValue], digest: UInt64) -> String {
        var bytes: [UInt8] = [version]
        append(digest, to: &bytes)
        for value in values {
            switch value {
            case .null: bytes.append(0)
            case .integer(let number):
                bytes.append(1)
                append(UInt64(bitPattern: number), to: &bytes)
            case .real(let number):
                bytes.append(2)
                append(number.bitPattern, to: &bytes)
            case .text(let text):
                bytes.append(3)
                append(UInt64(text.utf8.count), to: &bytes)
                bytes.append(contentsOf: text.utf8)
            }
        }
        return Base64.encode(bytes)
    }

    /// Reads a page token.
    ///
    /// - Parameters:
    ///   - token: the token that the client sent; nil and an empty text mean the first page.
    ///   - digest: the digest of the current query.
    ///   - termCount: the number of sort values of the query; nil if the caller checks the number.
    ///   - refusal: returns the error for a token of another query, given the digest of that query.
    /// - Throws: `.invalidParameterValue` for a token that is malformed or belongs to another query.
    package static func parse(
        _ token: String?,
        digest: UInt64,
        termCount: Int? = nil,
        refusal: (UInt64) -> TrackingError = { _ in queryMismatch }
    ) throws(TrackingError) -> PageStart {
        guard let token, !token.isEmpty else { return .beginning }
        guard let bytes = Base64.decode(token) else {
            throw .invalidParameter("Invalid page token, could not base64-decode")
        }
        guard bytes.first == version else { return .offset(try mlflowOffset(bytes)) }
        var reader = TokenReader(bytes: bytes[1...])
        guard let tokenDigest = reader.word() else { throw malformed }
        guard tokenDigest == digest else { throw refusal(tokenDigest) }
        var values: [SortValue] = []
        while let value = try reader.sortValue() { values.append(value) }
        guard values.count == termCount ?? max(values.count, 1) else { throw malformed }
        return .after(values)
    }

    package static var queryMismatch: TrackingError {
        .invalidParameter(
            "Invalid page token: it belongs to another query. Send it with the same filter, order_by and scope as "
                + "the page before, or start again without a token."
        )
    }

    package static var malformed: TrackingError { .invalidParameter("Invalid page token, could not base64-decode") }

    /// Reads MLflow's token, the JSON text `{"offset": N}`.
    private static func mlflowOffset(_ bytes: [UInt8]) throws(TrackingError) -> Int64 {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed }
        let compact = text.filter { !$0.isWhitespace }
        let prefix = "{\"offset\":"
        guard compact.hasPrefix(prefix), compact.hasSuffix("}"),
            let offset = Int64(compact.dropFirst(prefix.count).dropLast()), offset > 0
        else { throw .invalidParameter("Invalid page token, parsed value=\(shortened(text))") }
        return offset
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }
}

private struct TokenReader {
    var bytes: ArraySlice<UInt8>

    /// Reads the next eight bytes as a number; returns nil if fewer are left.
    mutating func word() -> UInt64? {
        guard bytes.count >= 8 else { return nil }
        defer { bytes = bytes.dropFirst(8) }
        return bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads the next sort value; returns nil at the end of the token.
    mutating func sortValue() throws(TrackingError) -> SortValue? {
        guard let typeByte = bytes.popFirst() else { return nil }
        if typeByte == 0 { return .null }
        guard let payload = word() else { throw PageToken.malformed }
        switch typeByte {
        case 1: return .integer(Int64(bitPattern: payload))
        case 2: return .real(Double(bitPattern: payload))
        case 3:
            guard let count = Int(exactly: payload), count <= bytes.count,
                let text = String(validating: bytes.prefix(count), as: UTF8.self)
            else { throw PageToken.malformed }
            bytes = bytes.dropFirst(count)
            return .text(text)
        default: throw PageToken.malformed
        }
    }
}
