internal import Files
internal import Glibc

/// The folder that contains backups or snapshots.
///
/// A backup contains its artifacts, by path. Snapshots share the artifacts, which are stored beside them, by content. Each
/// complete backup or snapshot, called a generation, is a folder whose name is its time.
struct BackupFolder: Sendable {
    let path: String

    /// The prefix of the names of files and folders that are unfinished or partly removed; the next backup removes them.
    static let unfinishedPrefix = ".unfinished-"

    /// - Parameter text: the path that the user gave, which may be relative to the current folder.
    init(_ text: String) throws(StartFailure) { path = StorageLayout.absolute(text, try StorageLayout.currentFolder()) }

    /// The names of the complete generations, the oldest first; empty if the folder cannot be read.
    var generations: [String] { (try? readGenerations()) ?? [] }

    /// Returns the same as `generations`, but throws if the folder cannot be read.
    func readGenerations() throws(DiskFailure) -> [String] {
        let names = try Disk.entryNames(path)
        return names.filter { !$0.hasPrefix(".") && FileKind("\(path)/\($0)/\(BackupManifest.name)") == .file }
    }

    /// The path of one generation.
    ///
    /// - Parameter name: the name of the generation; nil for this folder itself if it is a generation, and otherwise for
    ///   the newest generation in it.
    func folder(_ name: String?) throws(StartFailure) -> String {
        if name == nil, FileKind(path + "/" + BackupManifest.name) == .file { return path }
        let all = generations
        guard let newest = all.last else { throw StartFailure("There is no backup at '\(path)'.") }
        guard let name else { return path + "/" + newest }
        guard all.contains(name) else {
            throw StartFailure("There is no backup '\(name)' at '\(path)'. There are: \(all.joined(separator: ", ")).")
        }
        return path + "/" + name
    }

    /// Locks the folder against other backups and against reading until the result is released.
    ///
    /// - Returns: nil if the file system has no locks.
    /// - Throws: `StartFailure` if another process has the lock.
    func lock() throws -> Descriptor? {
        let raw = open(path + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard raw >= 0 else { throw DiskFailure.last("open", path + "/.lock") }
        let descriptor = Descriptor(owning: raw)
        guard flock(raw, LOCK_EX | LOCK_NB) != 0 else { return descriptor }
        guard errno == EWOULDBLOCK else { return nil }
        throw StartFailure(
            "Another process is making a backup in '\(path)', or is restoring or checking a backup from there. Try again when "
                + "it has ended."
        )
    }

    /// Prevents new backups until the result is released, because they could remove the backup that is being read.
    ///
    /// Waits up to a minute for a running backup.
    /// - Returns: nil if the lock file does not exist or cannot be opened, or if the file system has no locks.
    func lockForReading() throws(StartFailure) -> Descriptor? {
        let raw = open(path + "/.lock", O_RDONLY | O_CLOEXEC)
        guard raw >= 0 else { return nil }
        let descriptor = Descriptor(owning: raw)
        let end = ContinuousClock.now + Self.longestWait
        while flock(raw, LOCK_SH | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK else { return nil }
            guard .now < end else {
                throw StartFailure(
                    "A backup to '\(path)' is still running after a wait of a minute. Try again when it has ended."
                )
            }
            sleepFor(.milliseconds(50))
        }
        return descriptor
    }

    private static let longestWait = Duration.seconds(60)

    /// The folder above that of a generation.
    static func ofGeneration(_ folder: String) throws(StartFailure) -> BackupFolder {
        try BackupFolder(StorageLayout.parent(of: folder))
    }

    /// Whether the newest generation is a snapshot (version 2 of the manifest); nil if there is no generation or its manifest
    /// cannot be read.
    var containsSnapshots: Bool? {
        generations.last.flatMap { BackupManifest.version(ofManifest: "\(path)/\($0)/\(BackupManifest.name)") }
            .map { $0 > 1 }
    }

    /// Throws if a folder that is to be used as a data folder is a generation or contains generations.
    ///
    /// A server that opened it would change the backup.
    static func refuse(asDataFolder folder: String) throws(StartFailure) {
        let isGeneration = BackupManifest.version(ofManifest: folder + "/" + BackupManifest.name) != nil
        let backupFolder = try BackupFolder(folder)
        let holdsGenerations =
            FileKind(folder + "/" + BackupManifest.databaseName) == .absent && backupFolder.containsSnapshots != nil
        guard isGeneration || holdsGenerations else { return }
        let reason = isGeneration ? "is a backup or a snapshot" : "contains backups or snapshots"
        throw StartFailure(
            "'\(folder)' \(reason) and is not a data folder. Restore it with apus restore '\(folder)' --data-dir FOLDER, and use "
                + "FOLDER instead."
        )
    }

    /// Makes the folder if it is absent, locks it, and removes the leftovers of interrupted backups.
    ///
    /// - Returns: the lock, as `lock()` does.
    func prepareForBackup() throws -> Descriptor? {
        try Disk.makeFolders(path)
        let lock = try lock()
        for name in try Disk.entryNames(path) where name.hasPrefix(Self.unfinishedPrefix) {
            try Disk.remove(path + "/" + name)
        }
        return lock
    }

    /// Whether a text has the form of a generation's name.
    static func isName(_ text: String) -> Bool {
        let form = "0000-00-00T00.00.00.000Z".utf8
        return text.utf8.count == form.count
            && zip(text.utf8, form).allSatisfy { byte, kind in
                kind == UInt8(ascii: "0") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == kind
            }
    }

    /// Removes all but the newest generations.
    func removeOldGenerations(keeping count: Int) throws {
        for name in generations.dropLast(count) {
            // The generation is renamed first: if its removal was interrupted, it would otherwise look damaged.
            let renamed = "\(path)/\(Self.unfinishedPrefix)\(name)"
            try Disk.rename("\(path)/\(name)", to: renamed)
            try Disk.remove(renamed)
        }
    }

    /// The time in the name of a generation, in Unix milliseconds; nil for any other name.
    static func time(ofName name: String) -> Int64? {
        guard isName(name) else { return nil }
        let numbers = name.utf8.split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            .compactMap { Int32(Substring($0)) }
        guard numbers.count == 7 else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1_900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        return Int64(timegm(&parts)) * 1_000 + Int64(numbers[6])
    }

    /// The name of a generation made at a time in Unix milliseconds, such as `2026-11-28T20.15.00.123Z`.
    ///
    /// The order of the names is the order of the times.
    static func name(at milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
        return "\(parts.tm_year + 1_900)-\(twoDigits(parts.tm_mon + 1))-\(twoDigits(parts.tm_mday))"
            + "T\(twoDigits(parts.tm_hour)).\(twoDigits(parts.tm_min)).\(twoDigits(parts.tm_sec)).\(fraction)Z"
    }
}
