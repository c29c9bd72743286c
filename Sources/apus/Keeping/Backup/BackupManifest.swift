internal import Coding
internal import Hashing
internal import JSON

/// What is in a backup: JSON Lines, one line for each file, and a last line with the hash of all before it.
struct BackupManifest: Equatable {
    struct Entry: Equatable {
        var size: Int64
        var sha256: String
        /// The file's time of change in nanoseconds since 1970: with the size, what tells that it is still the same.
        var time: Int64 = 0
    }

    static let name = "manifest.jsonl"
    static let databaseName = "apus.db"
    static let artifactsName = "artifacts"
    private static let format = "apus-backup"

    /// Unix milliseconds.
    var created: Int64
    /// The files by their paths within the backup, the database among them.
    var files: [String: Entry] = [:]

    var bytes: Int64 { files.values.reduce(0) { $0 + $1.size } }

    init(created: Int64) {
        self.created = created
    }

    var text: [UInt8] {
        var bytes = Self.line { writer in
            writer.member("format", Self.format)
            writer.member("version", 1)
            writer.member("apus", apusVersion)
            writer.member("created", created)
        }
        for (path, entry) in files.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            bytes += Self.line { writer in
                writer.member("path", path)
                writer.member("size", entry.size)
                writer.member("sha256", entry.sha256)
                writer.member("time", entry.time)
            }
        }
        let hash = Self.hash(bytes[...])
        return bytes + Self.line { $0.member("sha256_of_manifest", hash) }
    }

    /// - Throws: `StartFailure` for a text that is cut off or changed, and for a manifest of a later version.
    init(_ text: [UInt8], of place: String) throws {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // The last line ends with a line break, too.
        guard lines.count >= 3, let end = lines.dropLast().last, lines.last?.isEmpty == true,
            let hash = try Self.object(end, place)["sha256_of_manifest"]?.string,
            hash == Self.hash(text[..<end.startIndex])
        else { throw StartFailure("The backup '\(place)' is damaged: its manifest is cut off or was changed.") }
        let head = try Self.object(lines[0], place)
        guard head["format"]?.string == Self.format, head["version"]?.int64 == 1 else {
            throw StartFailure("The backup '\(place)' is of a form that this version of Apus does not know.")
        }
        created = head["created"]?.int64 ?? 0
        for line in lines.dropFirst().dropLast(2) {
            let entry = try Self.object(line, place)
            guard let path = entry["path"]?.string, let size = entry["size"]?.int64,
                let sha256 = entry["sha256"]?.string, Self.isInside(path)
            else { throw StartFailure("The backup '\(place)' is damaged: its manifest has a line without a file.") }
            files[path] = Entry(size: size, sha256: sha256, time: entry["time"]?.int64 ?? 0)
        }
        guard files[Self.databaseName] != nil else {
            throw StartFailure("The backup '\(place)' is damaged: its manifest names no database.")
        }
    }

    /// Whether a path names the database or something beneath the artifacts.
    private static func isInside(_ path: String) -> Bool {
        guard path != databaseName else { return true }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        return segments.count > 1 && segments[0] == artifactsName
            && segments.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    private static func line(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        write(&writer)
        writer.endObject()
        return writer.takeBytes() + [UInt8(ascii: "\n")]
    }

    private static func object(_ line: ArraySlice<UInt8>, _ place: String) throws -> JSONValue {
        do {
            return try JSONDocument(parsing: Array(line)).root
        } catch {
            throw StartFailure("The backup '\(place)' is damaged: its manifest has a line that is no JSON.")
        }
    }

    private static func hash(_ bytes: ArraySlice<UInt8>) -> String {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return Hexadecimal.text(hash.finalize())
    }
}
