internal import Glibc

/// The folder that holds the generations of backups, each a folder named by its time.
struct BackupPlace {
    let path: String

    /// What is unfinished, or about to be removed: the next backup removes it.
    static let unfinishedPrefix = ".unfinished-"

    /// A folder by a path as a person writes it.
    init(_ text: String) throws(StartFailure) {
        path = StorageLayout.absolute(text, try StorageLayout.currentFolder())
    }

    /// The names of the complete generations, the oldest first.
    var generations: [String] {
        // A place that cannot be read has none.
        let names = (try? Disk.names(path)) ?? []
        return names.filter { !$0.hasPrefix(".") && FileKind("\(path)/\($0)/\(BackupManifest.name)") == .file }
    }

    /// The folder of one generation.
    ///
    /// - Parameter name: nil for the newest; the place itself may be a generation, too.
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

    /// Makes the place if it is absent, and keeps other backups away from it until this process ends.
    func claim() throws {
        try Disk.makeFolders(path)
        let descriptor = open(path + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DiskFailure.last("open", path + "/.lock") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StartFailure("Another backup to '\(path)' runs just now.")
        }
        for name in try Disk.names(path) where name.hasPrefix(Self.unfinishedPrefix) {
            try Disk.remove(path + "/" + name)
        }
    }

    /// Removes all but the newest generations.
    func keep(_ count: Int) throws {
        for name in generations.dropLast(count) {
            // A half-removed generation must not be taken for a damaged one.
            let doomed = "\(path)/\(Self.unfinishedPrefix)\(name)"
            try Disk.rename("\(path)/\(name)", to: doomed)
            try Disk.remove(doomed)
        }
    }

    /// The name of a generation, such as `2026-11-28T20.15.00.123Z`: names sort by time.
    static func name(at milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
        return "\(parts.tm_year + 1_900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
            + "T\(two(parts.tm_hour)).\(two(parts.tm_min)).\(two(parts.tm_sec)).\(fraction)Z"
    }
}
