internal import Files
internal import SQLite
internal import Tracking
internal import TrackingStore

/// The artifact files that a check reads, by their paths relative to the folder of artifacts.
enum CheckedArtifacts {
    case folder(String)
    /// The files of a backup, which were compared with the manifest before.
    case backup(BackupManifest)

    /// The size of a file and the time of its last change in Unix milliseconds; nil if the file does not exist.
    func attributes(of file: String) -> (bytes: Int64, modified: Int64)? {
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

/// The differences between the journal of artifacts and the artifact files.
///
/// A server changes a file a moment before it adds the entry to the journal. If a backup is made, or the server is
/// killed, between these two steps, the last entry is missing, although no file is damaged.
struct JournalComparison {
    /// The files whose size differs and that were written at or after their last entry in the journal, with their sizes.
    private(set) var newerThanJournal: [(path: String, bytes: Int64)] = []
    /// The files that the journal names and that do not exist.
    private(set) var missing: [String] = []
    /// One line for each file whose size differs although it was not written after its last entry in the journal.
    private(set) var changed: [String] = []

    /// The largest number of milliseconds between the writing of a file and the addition of its entry to the journal.
    private static let longestDelay: Int64 = 1_000

    var isEmpty: Bool { newerThanJournal.isEmpty && missing.isEmpty && changed.isEmpty }

    init(_ journal: ArtifactCheck, _ artifacts: CheckedArtifacts) {
        for (path, upload) in journal.files.sorted(by: { $0.key < $1.key }) {
            guard let file = artifacts.attributes(of: path) else {
                missing.append(path)
                continue
            }
            guard file.bytes != upload.bytes else { continue }
            if file.modified >= upload.times.lowerBound - Self.longestDelay {
                newerThanJournal.append((path, file.bytes))
            } else {
                changed.append(
                    "the artifact \(path) has \(file.bytes) bytes, not \(upload.bytes), and was not written since"
                )
            }
        }
    }

    /// Adds the missing entries to the journal.
    ///
    /// - Parameter wasKilled: whether the last server was killed; if so, it may have deleted the missing files without an entry.
    /// - Returns: one line for each added entry.
    func addEntries(to connection: Connection, wasKilled: Bool) throws -> [String] {
        let now = unixMilliseconds()
        for (path, bytes) in newerThanJournal {
            try ArtifactCheck.addToJournal(.upload, path, bytes: bytes, at: now, connection)
        }
        var lines = newerThanJournal.map { "the journal now has the real size of \($0.path)" }
        guard wasKilled else { return lines }
        for path in missing { try ArtifactCheck.addToJournal(.deletion, path, bytes: 0, at: now, connection) }
        lines += missing.map { "the journal now has \($0), which is not on the disk, as deleted" }
        return lines
    }
}
