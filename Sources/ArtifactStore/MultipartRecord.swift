/// The file that describes a multipart upload, so that the upload survives a restart of the server.
///
/// It consists of lines of text. A file that a power failure has left incomplete is ignored.
struct MultipartRecord {
    static let name = "upload"
    private static let title = "apus multipart upload 1"

    let path: String
    let partCount: Int
    /// The time at which the upload expires, in Unix seconds.
    let expires: Int64
    /// The key of the identity that has begun the upload; nil if the server does not know identities.
    let owner: String?

    var text: String { "\(Self.title)\n\(expires)\n\(partCount)\n\(path)\n" + (owner.map { "\($0)\n" } ?? "") }

    init(path: String, partCount: Int, expires: Int64, owner: String? = nil) {
        self.owner = owner
        self.path = path
        self.partCount = partCount
        self.expires = expires
    }

    init?(_ bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        // Neither a path nor a name holds a line feed, and the last line ends with one.
        guard [5, 6].contains(lines.count), lines[0] == Self.title, lines.last?.isEmpty == true,
            let expires = Int64(lines[1]), let partCount = Int(lines[2])
        else { return nil }
        let owner = lines.count == 6 ? String(lines[4]) : nil
        self.init(path: String(lines[3]), partCount: partCount, expires: expires, owner: owner)
    }
}

/// A part that has arrived and whose bytes are durable.
struct StoredPart {
    /// Whether the part is in the shared file, at the offset that follows from its number; otherwise it has its own
    /// file.
    var isInPlace: Bool
    var length: Int64
    /// Hexadecimal digits that differ each time a part is sent.
    var tag: String

    /// The file of a part that is not in place.
    static func fileName(number: Int, tag: String) -> String { "part-\(number)-\(tag)" }

    /// The line that describes the part in the journal.
    func line(number: Int) -> String { "\(number) \(length) \(tag) \(isInPlace ? "place" : "file")\n" }

    /// The parts in a journal; if several lines have the same number, the last one counts.
    static func parts(ofJournal bytes: [UInt8]) -> [Int: StoredPart] {
        var parts: [Int: StoredPart] = [:]
        // The text after the last line feed is an incomplete line.
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast()
        {
            let fields = line.split(separator: " ")
            guard fields.count == 4, let number = Int(fields[0]), let length = Int64(fields[1]) else { continue }
            parts[number] = StoredPart(isInPlace: fields[3] == "place", length: length, tag: String(fields[2]))
        }
        return parts
    }
}
