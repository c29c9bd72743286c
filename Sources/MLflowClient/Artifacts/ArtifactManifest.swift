internal import Coding
internal import Hashing
internal import JSON

/// The files of an upload with their sizes and hashes, stored in the same folder as `manifest.json`.
public struct ArtifactManifest: Sendable, Hashable {
    /// The name of the manifest's file.
    public static let fileName = "manifest.json"

    /// A file of the upload.
    public struct File: Sendable, Hashable {
        /// The path relative to the manifest's folder.
        public let path: String
        /// The size in bytes.
        public let size: Int64
        /// The SHA-256 in hexadecimal digits.
        public let sha256: String
    }

    /// The files, in the order of their paths.
    public let files: [File]

    init(_ files: [File]) { self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) } }

    /// Reads a manifest.
    ///
    /// - Throws: `.malformedAnswer` for bytes that are not a manifest.
    public init(parsing bytes: [UInt8]) throws(MLflowError) {
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONDocument(parsing: bytes).root
        } catch {
            throw .malformed("the manifest is not JSON: \(error)")
        }
        self.init(
            try root.list("files") { file throws(MLflowError) in
                let (path, sha256) = (try file.requiredText("path"), try file.requiredText("sha256"))
                return File(path: path, size: file.integer("size") ?? 0, sha256: sha256)
            }
        )
    }

    /// The manifest as JSON.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("version", 1)
        writer.memberArray("files") { writer in
            for file in files {
                writer.beginObject()
                writer.member("path", file.path)
                writer.member("size", file.size)
                writer.member("sha256", file.sha256)
                writer.endObject()
            }
        }
        writer.endObject()
        return writer.takeBytes()
    }
}
