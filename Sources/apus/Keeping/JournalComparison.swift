internal import Files
internal import SQLite
internal import Tracking
internal import TrackingStore

/// The artifacts that a check looks at, by their paths beneath the folder of artifacts.
enum CheckedArtifacts {
    case folder(String)
    /// Of a backup, whose files were held against the manifest before.
    case backup(BackupManifest)

    /// The size of a file and the time of its last change in Unix milliseconds; nil where there is none.
    func facts(of file: String) -> (bytes: Int64, modified: Int64)? {
        switch self {
        case .folder(let path):
            FileStatus(path: path + "/" + file).map { ($0.size, $0.modification.milliseconds) }
        case .backup(let manifest):
            manifest.files[BackupManifest.artifactsName + "/" + file].map { ($0.size, $0.time / 1_000_000) }
        }
    }

    func walk(_ body: (_ file: String, _ bytes: Int64) throws -> Void) throws {
        switch self {
        case .folder(let path):
            try Disk.walk(path, leavingOut: { $0.hasPrefix(Backup.unfinishedUpload) }) { try body($0, $1.size) }
        case .backup(let manifest):
            for (path, entry) in manifest.files.sorted(by: { $0.key < $1.key })
            where path != BackupManifest.databaseName {
                try body(String(path.dropFirst(BackupManifest.artifactsName.count + 1)), entry.size)
            }
        }
    }
}

/// Where the journal of artifacts and the files differ.
///
/// A server changes a file a moment before it says so in the journal. Between the two a backup may read both, and a server
/// may be killed: then the journal is behind, and no file is damaged.
struct JournalComparison {
    /// Files that were written when or after the journal heard of them last, with their sizes.
    private(set) var behind: [(path: String, bytes: Int64)] = []
    /// Files that are not there.
    private(set) var missing: [String] = []
    /// Files of another size that were not written since, a line each.
    private(set) var changed: [String] = []

    /// How long before its entry in the journal a file may have got its place.
    private static let slack: Int64 = 1_000

    var isEmpty: Bool { behind.isEmpty && missing.isEmpty && changed.isEmpty }

    init(_ known: ArtifactCheck, _ artifacts: CheckedArtifacts) {
        for (path, upload) in known.files.sorted(by: { $0.key < $1.key }) {
            guard let file = artifacts.facts(of: path) else {
                missing.append(path)
                continue
            }
            guard file.bytes != upload.bytes else { continue }
            if file.modified >= upload.times.lowerBound - Self.slack {
                behind.append((path, file.bytes))
            } else {
                changed.append(
                    "the artifact \(path) has \(file.bytes) bytes, not \(upload.bytes), and was not written since"
                )
            }
        }
    }

    /// Adds entries for what the journal has missed.
    ///
    /// - Parameter isKilled: whether the last server was killed, so that what is missing may have been deleted by it.
    /// - Returns: what was done, a line each.
    func mend(_ connection: Connection, isKilled: Bool) throws -> [String] {
        let now = unixMilliseconds()
        for (path, bytes) in behind { try ArtifactCheck.addToJournal(.upload, path, bytes: bytes, at: now, connection) }
        var lines = behind.map { "the journal has the size of \($0.path) as it is" }
        guard isKilled else { return lines }
        for path in missing { try ArtifactCheck.addToJournal(.deletion, path, bytes: 0, at: now, connection) }
        lines += missing.map { "the journal has \($0), which is not on the disk, as deleted" }
        return lines
    }
}
