package import SQLite
package import Tracking

/// What a database contains about artifacts, to be compared with the files of an artifact store.
package struct ArtifactCheck {
    /// The last upload of a file that is recorded in the artifact journal.
    package struct Upload: Sendable, Equatable {
        package var bytes: Int64
        /// The approximate times when the upload began and when it was recorded, in Unix milliseconds.
        package var times: ClosedRange<Int64>
        fileprivate var entryID: Int64
    }

    /// The files that exist according to the journal, by path.
    package private(set) var files: [String: Upload] = [:]
    /// The folders that must contain a file, each with a description of the model or version that needs it.
    ///
    /// Empty until `readNeededFolders(_:)` is called. The paths are relative to the artifact root.
    package private(set) var neededFolders: [String: String] = [:]
    private let runIDs: Set<String>
    private let modelIDs: Set<String>

    /// Reads the whole journal and the ids of all runs and logged models.
    package init(_ connection: Connection) throws {
        var uploads: [String: Upload] = [:]
        var deletions: [String: Int64] = [:]
        try connection.prepare("SELECT id, kind, path, bytes, time, duration FROM artifact_journal ORDER BY id")
            .forEachRow { row in
                let path = row.string(2)
                switch ArtifactEvent.Kind(rawValue: row.int64(1)) {
                case .deletion: deletions[path] = row.int64(0)
                case .upload, nil:
                    let (end, duration) = (row.int64(4), max(0, row.int64(5) / 1_000))
                    uploads[path] = Upload(bytes: row.int64(3), times: (end - duration)...end, entryID: row.int64(0))
                }
            }
        runIDs = Set(try connection.prepare("SELECT run_id FROM runs").map { $0.string(0) })
        modelIDs = Set(try connection.prepare("SELECT model_id FROM logged_models").map { $0.string(0) })
        for (path, upload) in uploads {
            let isDeleted = Self.pathAndParents(of: path)
                .contains { deletions[$0].map { $0 > upload.entryID } ?? false }
            if !isDeleted { files[path] = upload }
        }
    }

    /// Adds the folders of ready logged models and of registered models' versions to `neededFolders`.
    package mutating func readNeededFolders(_ connection: Connection) throws {
        try connection.query(
            "SELECT model_id, artifact_uri FROM logged_models WHERE lifecycle_stage = 0 AND status = ?1",
            LoggedModelStatus.ready.rawValue
        ).forEachRow { row in addNeeded(row.string(1), of: "the logged model \(row.string(0))") }
        try connection.prepare(
            "SELECT version, name, coalesce(storage_location, source) FROM model_versions WHERE is_prompt = 0"
        ).forEachRow { row in
            guard let location = try Self.resolvedLocation(row.string(2), connection) else { return }
            let version = ArtifactsInUse.Dependent(.version(row.int64(0), ofModel: row.string(1)))
            addNeeded(location, of: version.text)
        }
    }

    /// Returns the location that a `runs:` or `models:` location refers to, nil if the run or logged model does not exist, and
    /// any other location unchanged.
    private static func resolvedLocation(_ text: String, _ connection: Connection) throws -> String? {
        guard let owner = ArtifactFolders.owner(in: text) else { return text }
        return try connection.artifactLocations(owner.kind, ids: [owner.id])[owner.id]
            .map { ArtifactLocation($0).appending(owner.path).uri }
    }

    private mutating func addNeeded(_ location: String, of owner: String) {
        guard let path = ArtifactFolders.servedPath(of: location), !path.isEmpty else { return }
        neededFolders[path] = owner
    }

    /// Adds to the journal an upload or deletion that was not recorded when it happened.
    ///
    /// - Parameter time: Unix milliseconds.
    package static func addToJournal(
        _ kind: ArtifactEvent.Kind,
        _ path: String,
        bytes: Int64,
        at time: Int64,
        _ connection: Connection
    ) throws {
        try connection.run(
            """
            INSERT INTO artifact_journal (time, kind, path, run_id, bytes, duration, is_shared)
            VALUES (?1, ?2, ?3, NULL, ?4, 0, 0)
            """,
            values: [time, kind.rawValue, path, bytes]
        )
    }

    /// Whether a file's path belongs to a run or logged model that does not exist.
    ///
    /// The owner's id is the path component before the first `artifacts`.
    package func isOwnerless(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        for (index, part) in parts.enumerated().dropFirst() where part == "artifacts" {
            let owner = String(parts[index - 1])
            let isModel = index > 1 && parts[index - 2] == "models"
            return isModel ? !modelIDs.contains(owner) : !runIDs.contains(owner)
        }
        return false
    }

    /// Returns the paths of all folders that contain a file, outermost first, and then the file's own path.
    package static func pathAndParents(of path: String) -> [String] {
        let segments = path.split(separator: "/")
        return segments.indices.map { segments[...$0].joined(separator: "/") }
    }
}
