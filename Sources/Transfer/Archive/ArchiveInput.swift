/// Reads the entries of a tar archive and their contents, one after another.
struct ArchiveInput {
    /// The maximum length of a line in bytes; no record that Apus writes is longer.
    private static let lineBytes = 256 * 1_048_576

    private let next: () throws -> [UInt8]
    private var buffer: [UInt8] = []
    /// The number of bytes of the buffer that have been read.
    private var position = 0
    /// The number of bytes of the entry that have not been read yet; `padding` is the number of bytes that complete its last
    /// block.
    private var remaining: Int64 = 0
    private var padding = 0
    /// The first 16 bytes of the input, or fewer; empty before the first read.
    private(set) var beginning: [UInt8] = []
    /// Whether bytes other than zeros follow the end of the archive.
    private(set) var hasMore = false

    init(next: @escaping () throws -> [UInt8]) { self.next = next }

    private var cutOff: SourceFailure {
        SourceFailure("The archive is incomplete: it was not written, or not sent, to the last byte.")
    }

    /// Reads the next bytes if the buffer is used up; returns false at the end of the input.
    private mutating func fill() throws -> Bool {
        guard position == buffer.count else { return true }
        buffer = try next()
        position = 0
        if beginning.isEmpty { beginning = Array(buffer.prefix(16)) }
        return !buffer.isEmpty
    }

    private mutating func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard try fill() else { throw cutOff }
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
                // The rest is read so that a program that writes into a pipe can finish. Tar programs fill their last
                // record with zeros.
                while try fill() {
                    hasMore = hasMore || buffer[position...].contains { $0 != 0 }
                    position = buffer.count
                }
                return nil
            }
            guard let header = TarHeader(block[...]), header.size >= 0 else {
                throw SourceFailure("The archive is damaged: no entry begins where one should begin.")
            }
            switch header.kind {
            case .extended:
                guard let found = TarHeader.extendedRecords(try extensionContent(header)) else {
                    throw Self.brokenExtension
                }
                records.merge(found) { $1 }
            case .longName:
                records["path"] = TarHeader.text(try extensionContent(header)[...])
            case .remark: _ = try extensionContent(header)
            case .entry(let kind):
                remaining = records["size"].flatMap { Int64(String(decoding: $0, as: UTF8.self)) } ?? header.size
                guard remaining >= 0 else { throw SourceFailure("The archive is damaged: an entry has no size.") }
                padding = TarEntry.padding(remaining)
                var bytes = records["path"] ?? header.name
                // `tar -c .` writes names with this prefix.
                if bytes.starts(with: "./".utf8) { bytes.removeFirst(2) }
                let name = String(decoding: bytes, as: UTF8.self)
                let isText = String(validating: bytes, as: UTF8.self) != nil
                return TarEntry(name: name, size: remaining, modified: header.modified, kind: isText ? kind : .unnamed)
            }
        }
    }

    private static let brokenExtension = SourceFailure(
        "The archive is damaged: the extended header of an entry cannot be read."
    )

    /// Reads the whole content of a header that describes the next entry.
    private mutating func extensionContent(_ header: TarHeader) throws -> [UInt8] {
        guard header.size <= Int64(TarEntry.maximumExtendedBytes) else { throw Self.brokenExtension }
        let content = try read(Int(header.size))
        _ = try read(TarEntry.padding(header.size))
        return content
    }

    /// Returns the next bytes of the entry; nil at its end.
    mutating func nextContent() throws -> ArraySlice<UInt8>? {
        guard remaining > 0 else { return nil }
        guard try fill() else { throw cutOff }
        let part = buffer[position...].prefix(Int(min(remaining, Int64(buffer.count))))
        position += part.count
        remaining -= Int64(part.count)
        return part
    }

    /// Returns the next line of the entry without its newline; nil at the end of the entry.
    mutating func nextLine() throws -> [UInt8]? {
        guard remaining > 0 else { return nil }
        var line: [UInt8] = []
        while remaining > 0 {
            guard try fill() else { throw cutOff }
            let part = buffer[position...].prefix(Int(min(remaining, Int64(buffer.count))))
            let end = part.firstIndex(of: UInt8(ascii: "\n"))
            let bytes = end.map { part[..<$0] } ?? part
            guard line.count + bytes.count <= Self.lineBytes else {
                throw SourceFailure("The archive is damaged: a record has more than \(Self.lineBytes) bytes.")
            }
            line += bytes
            let count = bytes.count + (end == nil ? 0 : 1)
            position += count
            remaining -= Int64(count)
            if end != nil { return line }
        }
        return line
    }

    /// Skips the rest of the entry.
    mutating func endEntry() throws {
        while try nextContent() != nil {}
        _ = try read(padding)
        padding = 0
    }
}
