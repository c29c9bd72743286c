/// A file beside the database with the names of the snapshots that were made of this data, or from which it was restored.
///
/// If the newest snapshot in the folder for snapshots is not in this file, another server writes to that folder, and this
/// server makes no snapshot there. A lock does not show this if two machines share the folder.
struct SnapshotLineage: Sendable {
    private let path: String

    /// The largest number of names in the file, more than the largest number of snapshots that a server can keep.
    private static let mostNames = 2_000

    init(databasePath: String) { path = databasePath + ".snapshots" }

    /// The names of the snapshots, the oldest first.
    var names: [String] {
        // Without the file there are no names, so a folder with snapshots is refused.
        guard let text = try? Disk.contents(path) else { return [] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
            .filter(BackupFolder.isName)
    }

    /// The paths of the folders that have contained a snapshot of this data.
    private var folders: [String] {
        guard let text = try? Disk.contents(path) else { return [] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
            .filter { $0.hasPrefix(Self.folderPrefix) }.map { String($0.dropFirst(Self.folderPrefix.count)) }
    }

    private static let folderPrefix = "place "

    /// Adds the names of snapshots.
    ///
    /// The method is called before a snapshot is published, so that its name is known even if this process is then killed.
    /// - Parameter folder: the folder that contains the snapshots; nil before they are published.
    func add(_ newNames: [String], in folder: BackupFolder? = nil) throws(DiskFailure) {
        let (oldNames, oldFolders) = (Set(names), Set(folders))
        let (allNames, allFolders) = (oldNames.union(newNames), oldFolders.union(folder.map { [$0.path] } ?? []))
        guard allNames != oldNames || allFolders != oldFolders else { return }
        let lines = allFolders.sorted().map { Self.folderPrefix + $0 } + allNames.sorted().suffix(Self.mostNames)
        let text = lines.map { $0 + "\n" }.joined()
        try Disk.remove(path + ".new")
        try Disk.write(Array(text.utf8), to: path + ".new")
        try Disk.rename(path + ".new", to: path)
    }

    /// - Parameter snapshots: the names of the snapshots in the folder.
    /// - Throws: `StartFailure` if the folder contained snapshots of this data before and is empty now.
    func requireNotEmptied(_ snapshots: [String], of folder: BackupFolder) throws(StartFailure) {
        guard snapshots.isEmpty, folders.contains(folder.path) else { return }
        throw StartFailure(
            "'\(folder.path)' is empty, although it contained snapshots of this data. Is its disk mounted? If it was emptied on "
                + "purpose, remove '\(path)'."
        )
    }

    /// - Throws: `StartFailure` if the newest snapshot in a folder is of other data.
    func requireOwn(_ newest: String?, of folder: BackupFolder) throws(StartFailure) {
        guard let newest, !names.contains(newest) else { return }
        throw StartFailure(
            "'\(folder.path)' contains snapshots of other data; the newest is '\(newest)'. Another server may write there: give "
                + "each server its own folder with --snapshot-to. To continue from that snapshot, start with an empty data "
                + "folder."
        )
    }
}
