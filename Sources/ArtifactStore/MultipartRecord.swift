/// The file that describes a multipart upload, so that the upload survives a restart of the server.
///
/// The file consists of lines of text. If a power failure has left it incomplete, the upload is ignored.
struct MultipartRecord {
    static let name = "upload"
    private static let firstLine = "apus multipart upload 1"

    let path: String
    let partCount: Int
    /// The time at which the upload expires, in Unix seconds.
    let expires: Int64
    /// The key of the identity that has begun the upload; nil if the server does not identify clients.
    let owner: String?

    var text: String { "\(Self.firstLine)\n\(expires)\n\(partCount)\n\(path)\n" + (owner.map { "\($0)\n" } ?? "") }

    init(path: String, partCount: Int, expires: Int64, owner: String? = nil) {
        self.owner = owner
        self.path = path
        self.partCount = partCount
        self.expires = expires
    }

    init?(_ bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        // Neither a path nor an owner contains a line feed. The text ends with one, so that the last element is empty.
        guard [5, 6].contains(lines.count), lines[0] == Self.firstLine, lines.last?.isEmpty == true,
            let expires = Int64(lines[1]), let partCount = Int(lines[2])
        else { return nil }
        let owner = lines.count == 6 ? String(lines[4]) : nil
        self.init(path: String(lines[3]), partCount: partCount, expires: expires, owner: owner)
    }
}

/// A part that has arrived and whose bytes are durable.
struct StoredPart {
    /// The offset of the part in the shared file; nil if the part has its own file.
    var offset: Int64?
    var length: Int64
    /// Hexadecimal digits that differ each time a part is sent.
    var tag: String

    var isInSharedFile: Bool { offset != nil }

    /// The last field of a line with an offset: without this field, an offset that was cut off would look complete.
    private static let lastField = "."

    /// The name of the file of a part that is not in the shared file.
    static func fileName(number: Int, tag: String) -> String { "part-\(number)-\(tag)" }

    /// The line that describes the part in the journal.
    func line(number: Int) -> String {
        "\(number) \(length) \(tag) " + (offset.map { "at \($0) \(Self.lastField)\n" } ?? "file\n")
    }

    /// The parts in a journal, as the last line of each part describes it, and the length of all complete lines.
    static func parts(ofJournal bytes: [UInt8]) -> (parts: [Int: StoredPart], length: Int) {
        var parts: [Int: StoredPart] = [:]
        var withoutOffset: Set<Int> = []
        // The bytes after the last line feed are an incomplete line.
        let length = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        for line in String(decoding: bytes[..<length], as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 4, let number = Int(fields[0]), let length = Int64(fields[1]) else { continue }
            var part = StoredPart(offset: nil, length: length, tag: String(fields[2]))
            switch fields[3] {
            case "file" where fields.count == 4: withoutOffset.remove(number)
            case "place" where fields.count == 4: withoutOffset.insert(number)
            case "at" where fields.count == 6 && fields[5] == lastField:
                guard let offset = Int64(fields[4]) else { continue }
                part.offset = offset
                withoutOffset.remove(number)
            default: continue
            }
            parts[number] = part
        }
        // Older versions of the server wrote "place" instead of an offset. Their parts in the shared file all had the
        // same length, except the last part, which was not longer; so the offset follows from the number.
        let commonLength = withoutOffset.compactMap { parts[$0]?.length }.max() ?? 0
        for number in withoutOffset { parts[number]?.offset = Int64(number - 1) * commonLength }
        return (parts, length)
    }
}
