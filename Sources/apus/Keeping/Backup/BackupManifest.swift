internal import Coding
internal import Hashing
internal import JSON

/// The list of the files in a generation, which is one complete backup or snapshot.
///
/// Its text is in JSON Lines: a header, one line for each file, and the hash of these lines.
struct BackupManifest: Equatable {
    struct Entry: Equatable {
        var size: Int64
        var sha256: String
        /// The file's modification time in nanoseconds since 1970.
        ///
        /// A file of the same size and time counts as unchanged.
        var time: Int64 = 0
    }

    static let name = "manifest.jsonl"
    static let databaseName = "apus.db"
    static let artifactsName = "artifacts"
    /// The name of the folder, beside the folders of the generations, in which snapshots store artifacts by content.
    static let contentsName = "contents"
    private static let format = "apus-backup"
    /// Version 1 stores artifacts by path (a backup), version 2 by content (a snapshot).
    private static let newestVersion: Int64 = 2

    /// The error for a backup that a later version of Apus made.
    ///
    /// The backup is not damaged, but this version can neither read nor replace it.
    struct LaterVersion: Error, CustomStringConvertible {
        let description: String
    }

    /// Unix milliseconds.
    var created: Int64
    /// Whether this is a snapshot: artifacts are stored in `contents`, beside the snapshot's folder, and named by their hashes.
    ///
    /// A backup has its artifacts in its own folder, at their paths.
    var storesByContent = false
    /// The files, including the database, by their paths within the backup.
    var files: [String: Entry] = [:]

    var bytes: Int64 { files.values.reduce(0) { $0 + $1.size } }

    init(created: Int64) { self.created = created }

    var text: [UInt8] {
        var bytes = Self.line { writer in
            writer.member("format", Self.format)
            writer.member("version", storesByContent ? Self.newestVersion : 1)
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

    /// - Parameter folder: the folder of the backup, for messages.
    /// - Throws: `LaterVersion`; `StartFailure` for a text that is cut off or changed.
    init(_ text: [UInt8], of folder: String) throws {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // The version is checked before the hash, because the last line of a later version may have another form.
        if let first = lines.first, let head = try? JSONDocument(parsing: Array(first)).root,
            head["format"]?.string == Self.format, let version = head["version"]?.int64, version > Self.newestVersion
        {
            let writer = head["apus"]?.string ?? "unknown"
            throw LaterVersion(
                description: "'\(folder)' is a backup of a later version of Apus (\(writer)), which this version "
                    + "(\(apusVersion)) cannot read. Use that version, or a later one."
            )
        }
        // The text ends with a line break, so the last element is empty.
        guard lines.count >= 3, let end = lines.dropLast().last, lines.last?.isEmpty == true,
            let hash = try Self.object(end, folder)["sha256_of_manifest"]?.string,
            hash == Self.hash(text[..<end.startIndex])
        else { throw StartFailure("The backup '\(folder)' is damaged: its manifest is cut off or was changed.") }
        let head = try Self.object(lines[0], folder)
        let version = head["version"]?.int64
        guard head["format"]?.string == Self.format, version == 1 || version == Self.newestVersion else {
            throw StartFailure("'\(folder)' is not a backup of Apus: its manifest has another format.")
        }
        created = head["created"]?.int64 ?? 0
        storesByContent = version == 2
        for line in lines.dropFirst().dropLast(2) {
            let entry = try Self.object(line, folder)
            guard let path = entry["path"]?.string, let size = entry["size"]?.int64,
                let sha256 = entry["sha256"]?.string, Self.isInside(path),
                !storesByContent || Self.isDigest(sha256)
            else { throw StartFailure("The backup '\(folder)' is damaged: its manifest has a line without a file.") }
            files[path] = Entry(size: size, sha256: sha256, time: entry["time"]?.int64 ?? 0)
        }
        guard files[Self.databaseName] != nil else {
            throw StartFailure("The backup '\(folder)' is damaged: its manifest names no database.")
        }
    }

    /// The format version in the first line of a file; nil if the file is not the manifest of a backup.
    static func version(ofManifest path: String) -> Int64? {
        guard FileKind(path) == .file, let beginning = try? Disk.beginning(of: path, atMost: 1_024),
            let line = beginning.split(separator: UInt8(ascii: "\n"), maxSplits: 1).first,
            let head = try? JSONDocument(parsing: Array(line)).root, head["format"]?.string == format
        else { return nil }
        return head["version"]?.int64
    }

    /// The path at which the content of an entry is stored.
    ///
    /// - Parameters:
    ///   - path: the key of the entry in `files`.
    ///   - folder: the folder of the generation.
    func location(of path: String, in folder: String) -> String {
        guard storesByContent, path != Self.databaseName, let entry = files[path] else { return folder + "/" + path }
        let parent = StorageLayout.parent(of: folder)
        return parent + "/" + Self.contentPath(entry.sha256)
    }

    /// The path of the file that stores the content with this hash, relative to the folder that contains the generations.
    ///
    /// Contents are spread over 256 folders, because some file systems are slow with large folders.
    static func contentPath(_ sha256: String) -> String { "\(contentsName)/\(sha256.prefix(2))/\(sha256)" }

    /// Whether a text is a SHA-256 in hexadecimal, which makes it safe as a part of a path.
    static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }

    /// Whether a path is that of the database, or is in the folder of artifacts and cannot lead out of it.
    private static func isInside(_ path: String) -> Bool {
        guard path != databaseName else { return true }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        return segments.count > 1 && segments[0] == artifactsName
            && segments.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    private static func line(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        JSONWriter.object(write) + [UInt8(ascii: "\n")]
    }

    private static func object(_ line: ArraySlice<UInt8>, _ folder: String) throws -> JSONValue {
        do {
            return try JSONDocument(parsing: Array(line)).root
        } catch {
            throw StartFailure("The backup '\(folder)' is damaged: its manifest has a line that is not JSON.")
        }
    }

    private static func hash(_ bytes: ArraySlice<UInt8>) -> String {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return Hexadecimal.text(hash.finalize())
    }
}
