internal import Files
internal import Glibc

/// The folder that holds the generations of backups, each a folder named by its time.
struct BackupPlace: Sendable {
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
        (try? readGenerations()) ?? []
    }

    /// Works as `generations`, for callers to whom a place that cannot be read is not an empty one.
    func readGenerations() throws(DiskFailure) -> [String] {
        let names = try Disk.names(path)
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

    /// Keeps other backups, and those who read one, away from the place as long as the result lives.
    ///
    /// - Returns: nil where the file system has no locks.
    func lock() throws -> Descriptor? {
        let raw = open(path + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard raw >= 0 else { throw DiskFailure.last("open", path + "/.lock") }
        let descriptor = Descriptor(owning: raw)
        guard flock(raw, LOCK_EX | LOCK_NB) != 0 else { return descriptor }
        guard errno == EWOULDBLOCK else { return nil }
        throw StartFailure("Another backup to '\(path)', or a restore or check of one there, runs just now.")
    }

    /// Keeps backups, which remove old ones, away from the place as long as the result lives; waits for one that runs.
    ///
    /// - Returns: nil where there is nothing to lock, or no locks.
    func lockForReading() throws(StartFailure) -> Descriptor? {
        let raw = open(path + "/.lock", O_RDONLY | O_CLOEXEC)
        guard raw >= 0 else { return nil }
        let descriptor = Descriptor(owning: raw)
        let end = ContinuousClock.now + Self.longestWait
        while flock(raw, LOCK_SH | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK else { return nil }
            guard .now < end else {
                throw StartFailure("A backup to '\(path)' has been running for a minute. Try again when it has ended.")
            }
            sleepFor(.milliseconds(50))
        }
        return descriptor
    }

    private static let longestWait = Duration.seconds(60)

    /// The place of one generation, which is the folder above it.
    static func ofGeneration(_ folder: String) throws(StartFailure) -> BackupPlace {
        try BackupPlace(String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)]))
    }

    /// Whether the newest generation is a snapshot, whose artifacts lie beside it; nil where there is none.
    var holdsSnapshots: Bool? {
        generations.last.flatMap { BackupManifest.version(ofManifest: "\(path)/\($0)/\(BackupManifest.name)") }
            .map { $0 > 1 }
    }

    /// Refuses a backup, a snapshot or a place of them where a data folder is meant: whoever opens one changes it.
    static func refuse(asDataFolder folder: String) throws(StartFailure) {
        let isOne = BackupManifest.version(ofManifest: folder + "/" + BackupManifest.name) != nil
        let place = try BackupPlace(folder)
        let isPlace = FileKind(folder + "/" + BackupManifest.databaseName) == .absent && place.holdsSnapshots != nil
        guard isOne || isPlace else { return }
        throw StartFailure(
            "'\(folder)' \(isOne ? "is a backup or a snapshot" : "holds backups or snapshots") and no data folder. Put it into "
                + "one with apus restore '\(folder)' --data-dir FOLDER, and use that."
        )
    }

    /// Makes the place if it is absent, locks it, and removes what interrupted backups have left.
    func claim() throws -> Descriptor? {
        try Disk.makeFolders(path)
        let lock = try lock()
        for name in try Disk.names(path) where name.hasPrefix(Self.unfinishedPrefix) {
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
    func keep(_ count: Int) throws {
        for name in generations.dropLast(count) {
            // A half-removed generation must not be taken for a damaged one.
            let doomed = "\(path)/\(Self.unfinishedPrefix)\(name)"
            try Disk.rename("\(path)/\(name)", to: doomed)
            try Disk.remove(doomed)
        }
    }

    /// The time of a generation in Unix milliseconds; nil for a folder with another name.
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
