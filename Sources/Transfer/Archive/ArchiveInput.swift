/// Reads the entries of a tar archive and their contents, one after another.
struct ArchiveInput {
    /// The maximum length of a line; no record that Apus writes is longer.
    private static let maximumLineBytes = 256 * 1_048_576

    private let nextBytes: () throws -> [UInt8]
    private var buffer: [UInt8] = []
    /// The number of bytes of the buffer that have been read.
    private var position = 0
    /// The number of bytes of the entry that have not been read yet; `paddingBytes` zeros after them complete the last block.
    private var remainingBytes: Int64 = 0
    private var paddingBytes = 0
    /// The first 16 bytes of the input, or fewer; empty before the first read.
    private(set) var firstBytes: [UInt8] = []
    /// Whether bytes other than zeros follow the end of the archive.
    private(set) var hasBytesAfterEnd = false

    /// - Parameter nextBytes: returns the next bytes of the archive; an empty array at its end.
    init(nextBytes: @escaping () throws -> [UInt8]) { self.nextBytes = nextBytes }

    private var incompleteArchive: SourceFailure {
        SourceFailure("The archive is incomplete: it was not written, or not sent, to the last byte.")
    }

    /// Reads the next bytes if all bytes of the buffer have been read; returns false at the end of the input.
    private mutating func fillBuffer() throws -> Bool {
        guard position == buffer.count else { return true }
        buffer = try nextBytes()
        position = 0
        if firstBytes.isEmpty { firstBytes = Array(buffer.prefix(16)) }
        return !buffer.isEmpty
    }

    private mutating func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard try fillBuffer() else { throw incompleteArchive }
            let part = buffer[position...].prefix(count - bytes.count)
            bytes += part
            position += part.count
        }
        return bytes
    }

    /// Reads the header of the next entry; nil at the two blocks of zeros that end the archive.
    mutating func nextEntry() throws -> TarEntry? {
        var records: [String: [UInt8]] = [:]
        while true {
            let block = try read(TarEntry.blockBytes)
            if block.allSatisfy({ $0 == 0 }) {
                guard try read(TarEntry.blockBytes).allSatisfy({ $0 == 0 }) else {
                    throw SourceFailure(
                        "The archive is damaged: it has a single block of zeros, but two end an archive."
                    )
                }
                // The rest is read so that a program that writes into a pipe can finish. Tar programs append more zeros.
                while try fillBuffer() {
                    hasBytesAfterEnd = hasBytesAfterEnd || buffer[position...].contains { $0 != 0 }
                    position = buffer.count
                }
                return nil
            }
            guard let header = TarHeader(block[...]), header.size >= 0 else {
                throw SourceFailure("The archive is damaged: no entry begins where one should begin.")
            }
            switch header.kind {
            case .extended:
                guard let found = TarHeader.extendedRecords(try contentOfExtension(header)) else {
                    throw Self.unreadableExtendedHeader
                }
                records.merge(found) { $1 }
            case .longName:
                records["path"] = TarHeader.text(try contentOfExtension(header)[...])
            case .ignored: _ = try contentOfExtension(header)
            case .entry(let kind):
                remainingBytes = records["size"].flatMap { Int64(String(decoding: $0, as: UTF8.self)) } ?? header.size
                guard remainingBytes >= 0 else { throw SourceFailure("The archive is damaged: an entry has no size.") }
                paddingBytes = TarEntry.padding(remainingBytes)
                var bytes = records["path"] ?? header.name
                // `tar -c .` writes names with this prefix.
                if bytes.starts(with: "./".utf8) { bytes.removeFirst(2) }
                let name = String(decoding: bytes, as: UTF8.self)
                let isText = String(validating: bytes, as: UTF8.self) != nil
                return TarEntry(
                    name: name,
                    size: remainingBytes,
                    modified: header.modified,
                    kind: isText ? kind : .invalidName
                )
            }
        }
    }

    private static let unreadableExtendedHeader =
        SourceFailure("The archive is damaged: the extended header of an entry cannot be read.")

    /// Reads the whole content of a header that describes the next entry.
    private mutating func contentOfExtension(_ header: TarHeader) throws -> [UInt8] {
        guard header.size <= Int64(TarEntry.maximumExtendedBytes) else { throw Self.unreadableExtendedHeader }
        let content = try read(Int(header.size))
        _ = try read(TarEntry.padding(header.size))
        return content
    }

    /// Returns the next bytes of the entry; nil at its end.
    mutating func nextContent() throws -> ArraySlice<UInt8>? {
        guard remainingBytes > 0 else { return nil }
        guard try fillBuffer() else { throw incompleteArchive }
        let part = buffer[position...].prefix(Int(min(remainingBytes, Int64(buffer.count))))
        position += part.count
        remainingBytes -= Int64(part.count)
        return part
    }

    /// Returns the next line of the entry without its newline; nil at the end of the entry.
    mutating func nextLine() throws -> [UInt8]? {
        guard remainingBytes > 0 else { return nil }
        var line: [UInt8] = []
        while remainingBytes > 0 {
            guard try fillBuffer() else { throw incompleteArchive }
            let part = buffer[position...].prefix(Int(min(remainingBytes, Int64(buffer.count))))
            let end = part.firstIndex(of: UInt8(ascii: "\n"))
            let bytes = end.map { part[..<$0] } ?? part
            guard line.count + bytes.count <= Self.maximumLineBytes else {
                throw SourceFailure("The archive is damaged: a record has more than \(Self.maximumLineBytes) bytes.")
            }
            line += bytes
            let count = bytes.count + (end == nil ? 0 : 1)
            position += count
            remainingBytes -= Int64(count)
            if end != nil { return line }
        }
        return line
    }

    /// Skips the rest of the entry.
    mutating func endEntry() throws {
        while try nextContent() != nil {}
        _ = try read(paddingBytes)
        paddingBytes = 0
    }
}
