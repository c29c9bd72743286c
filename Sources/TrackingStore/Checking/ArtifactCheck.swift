package import SQLite
internal import Tracking

/// What a store says of its artifacts.
package struct ArtifactCheck {
    /// The files that the journal says are there, by their paths, with their sizes.
    package private(set) var files: [String: Int64] = [:]
    private let runIDs: Set<String>
    private let modelIDs: Set<String>

    /// Reads the whole journal and the ids of all runs and logged models.
    package init(_ connection: Connection) throws {
        var uploads: [String: (entry: Int64, bytes: Int64)] = [:]
        var deletions: [String: Int64] = [:]
        try connection.prepare("SELECT id, kind, path, bytes FROM artifact_journal ORDER BY id").forEachRow { row in
            let path = row.string(2)
            switch ArtifactEvent.Kind(rawValue: row.int64(1)) {
            case .deletion: deletions[path] = row.int64(0)
            case .upload, nil: uploads[path] = (row.int64(0), row.int64(3))
            }
        }
        runIDs = Set(try connection.prepare("SELECT run_id FROM runs").map { $0.string(0) })
        modelIDs = Set(try connection.prepare("SELECT model_id FROM logged_models").map { $0.string(0) })
        for (path, upload) in uploads {
            let isDeleted = Self.withFoldersAbove(path).contains { deletions[$0].map { $0 > upload.entry } ?? false }
            if !isDeleted { files[path] = upload.bytes }
        }
    }

    /// Whether a file lies in the folder of a run or model that does not exist.
    package func isOwnerless(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        for (index, part) in parts.enumerated().dropFirst() where part == "artifacts" {
            let owner = String(parts[index - 1])
            let isModel = index > 1 && parts[index - 2] == "models"
            return isModel ? !modelIDs.contains(owner) : !runIDs.contains(owner)
        }
        return false
    }

    private static func withFoldersAbove(_ path: String) -> [String] {
        let segments = path.split(separator: "/")
        return segments.indices.map { segments[...$0].joined(separator: "/") }
    }
}
