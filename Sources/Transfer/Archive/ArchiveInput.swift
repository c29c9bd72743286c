/// The entries of a tar archive, and what they hold, one after another.
struct ArchiveInput {
    /// The longest line that is read, in bytes: more than any record that Apus writes.
    private static let lineBytes = 256 * 1_048_576

    private let next: () throws -> [UInt8]
    private var buffer: [UInt8] = []
    /// The bytes of the buffer that are read already.
    private var position = 0
    /// What is left of the entry, and what fills its last block.
    private var remaining: Int64 = 0
    private var padding = 0
    /// The first bytes of the input, once it is read.
    private(set) var beginning: [UInt8] = []
    /// Whether something stands behind the mark that ends the archive.
    private(set) var hasMore = false

    init(next: @escaping () throws -> [UInt8]) {
        self.next = next
    }

    private var cutOff: SourceFailure {
        SourceFailure("The archive ends before its end: it was not written, or not sent, to the last byte.")
    }

    /// Makes at least one byte available; false at the end of the input.
    private mutating func fill() throws -> Bool {
        guard position == buffer.count else { return true }
        buffer = try next()
        position = 0
        if beginning.isEmpty { beginning = Array(buffer.prefix(16)) }
        return !buffer.isEmpty
    }

    private mutating func take(_ count: Int) throws -> [UInt8] {
        var taken: [UInt8] = []
        while taken.count < count {
            guard try fill() else { throw cutOff }
            let part = buffer[position...].prefix(count - taken.count)
            taken += part
            position += part.count
        }
        return taken
    }

    /// The next entry; nil at the mark that ends the archive.
    mutating func nextEntry() throws -> TarEntry? {
        var records: [String: [UInt8]] = [:]
        while true {
            let block = try take(TarEntry.blockBytes)
            if block.allSatisfy({ $0 == 0 }) {
                guard try take(TarEntry.blockBytes).allSatisfy({ $0 == 0 }) else {
                    throw SourceFailure("The archive is damaged: it has one block of zeros where two would end it.")
                }
                // A writer of the other end must be able to finish. Zeros fill what tar programs write at once.
                while try fill() {
                    hasMore = hasMore || buffer[position...].contains { $0 != 0 }
                    position = buffer.count
                }
                return nil
            }
            guard let header = TarHeader(block[...]), header.size >= 0 else {
                throw SourceFailure("The archive is damaged: where an entry should begin there is none.")
            }
            switch header.kind {
            case .extended:
                guard let found = TarHeader.extendedRecords(try aboutNextEntry(header)) else {
                    throw Self.unreadableFacts
                }
                records.merge(found) { $1 }
            case .longName:
                records["path"] = TarHeader.text(try aboutNextEntry(header)[...])
            case .remark: _ = try aboutNextEntry(header)
            case .entry(let kind):
                remaining = records["size"].flatMap { Int64(String(decoding: $0, as: UTF8.self)) } ?? header.size
                guard remaining >= 0 else { throw SourceFailure("The archive is damaged: an entry has no size.") }
                padding = TarEntry.padding(remaining)
                var bytes = records["path"] ?? header.name
                // As tar programs write it for `tar -c .`.
                if bytes.starts(with: "./".utf8) { bytes.removeFirst(2) }
                let name = String(decoding: bytes, as: UTF8.self)
                let isText = String(validating: bytes, as: UTF8.self) != nil
                return TarEntry(
                    name: name,
                    size: remaining,
                    modified: header.modified,
                    kind: isText ? kind : .unnamed
                )
            }
        }
    }

    private static let unreadableFacts = SourceFailure(
        "The archive is damaged: the facts about an entry cannot be read."
    )

    /// The whole content of a header that is about the entry that follows.
    private mutating func aboutNextEntry(_ header: TarHeader) throws -> [UInt8] {
        guard header.size <= Int64(TarEntry.maximumExtendedBytes) else { throw Self.unreadableFacts }
        let content = try take(Int(header.size))
        _ = try take(TarEntry.padding(header.size))
        return content
    }

    /// The next bytes of the entry; nil at its end.
    mutating func nextContent() throws -> ArraySlice<UInt8>? {
        guard remaining > 0 else { return nil }
        guard try fill() else { throw cutOff }
        let part = buffer[position...].prefix(Int(min(remaining, Int64(buffer.count))))
        position += part.count
        remaining -= Int64(part.count)
        return part
    }

    /// The next line of the entry, without its end; nil at the end of the entry.
    mutating func nextLine() throws -> [UInt8]? {
        guard remaining > 0 else { return nil }
        var line: [UInt8] = []
        while remaining > 0 {
            guard try fill() else { throw cutOff }
            let part = buffer[position...].prefix(Int(min(remaining, Int64(buffer.count))))
            let end = part.firstIndex(of: UInt8(ascii: "\n"))
            let taken = end.map { part[..<$0] } ?? part
            guard line.count + taken.count <= Self.lineBytes else {
                throw SourceFailure("The archive is damaged: a record has more than \(Self.lineBytes) bytes.")
            }
            line += taken
            let count = taken.count + (end == nil ? 0 : 1)
            position += count
            remaining -= Int64(count)
            if end != nil { return line }
        }
        return line
    }

    /// Leaves out what is left of the entry.
    mutating func endEntry() throws {
        while try nextContent() != nil {}
        _ = try take(padding)
        padding = 0
    }
}
