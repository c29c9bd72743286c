internal import Glibc
internal import Synchronization

/// Makes one process the owner of a database, as long as this object lives.
///
/// Holds an `flock` on the file `<database>.lock`. The kernel releases the lock when the process ends, in whatever way;
/// a second lock within the same process conflicts too. The file is never removed, because removing it would race with
/// another process that has just opened it.
package final class OwnerLock: Sendable {
    /// Why the lock was not obtained.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// Another lock is held; `pid` is its process, or nil if the lock file does not name one.
        case ownedElsewhere(pid: Int32?, path: String)
        /// The system call `call` on the lock file failed with `errno`.
        case system(call: String, errno: Int32, path: String)

        /// What is wrong, in one line for the person who starts the server.
        package var description: String {
            switch self {
            case .ownedElsewhere(let pid, let path):
                "another process\(pid.map { " (pid \($0))" } ?? "") owns the database: \(path) is locked"
            case .system(let call, let errno, let path):
                "\(call) \(path): \(String(cString: strerror(errno)))"
            }
        }
    }

    /// The lock file.
    package let path: String

    /// Whether the last owner ended without `release()`: it was killed, or the machine crashed.
    package let isTakenOver: Bool

    /// Whether an earlier owner has called `noteStore()` for this database.
    package let knowsStore: Bool

    private let descriptor: Int32
    private let isReleased = Atomic<Bool>(false)

    /// Locks a database; its folder must exist, the database file need not.
    ///
    /// Does not wait. Two paths that lead to one database through symbolic links share one lock.
    package init(databasePath: String) throws(Failure) {
        path = Self.lockPath(for: databasePath)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(call: "open", errno: errno, path: path) }
        do {
            (isTakenOver, knowsStore) = try Self.claim(descriptor, path: path)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit {
        release()
        Glibc.close(descriptor)
    }

    /// Records that the database holds a store, so that later owners notice when the file is missing.
    package func noteStore() throws(Failure) {
        try Self.write("\(getpid())\n\(Self.storeMark)\n", to: descriptor, path: path)
    }

    /// Writes the address at which this server answers to the lock file; an empty address removes it.
    ///
    /// Another process that wants the same database reads it, with the name of the machine on which it is valid.
    /// - Parameter key: what such a process has to show to the server; left out where others than the file's owner could
    ///   read it.
    /// - Parameter requiresTokens: whether this server asks every request for a token.
    package func announce(_ address: String, key: String = "", requiresTokens: Bool = false) throws(Failure) {
        var place = address.isEmpty ? "" : "\(address)\n\(Owner.machine)\n"
        if !place.isEmpty, !key.isEmpty, isPrivate { place += Owner.keyMark + key + "\n" }
        if !place.isEmpty, requiresTokens { place += "\(Owner.tokenMark)\n" }
        try Self.write("\(getpid())\n" + place + Self.keptMark(descriptor), to: descriptor, path: path)
    }

    /// Whether nobody but the owner of the file may read it; a file that an older server has left is made so.
    private var isPrivate: Bool {
        var status = stat()
        _ = fchmod(descriptor, 0o600)
        return fstat(descriptor, &status) == 0 && status.st_mode & 0o077 == 0
    }

    /// The owner according to the lock file; nil if there is none, or the last one called `release()`.
    package static func owner(ofDatabase databasePath: String) -> Owner? {
        let descriptor = open(lockPath(for: databasePath), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { Glibc.close(descriptor) }
        return Owner(lockFile: content(descriptor))
    }

    /// Removes the pid, so that the next owner sees an orderly end, and releases the lock; safe to call twice.
    package func release() {
        guard !isReleased.exchange(true, ordering: .acquiringAndReleasing) else { return }
        defer { _ = flock(descriptor, LOCK_UN) }
        let mark = Self.keptMark(descriptor)
        try? Self.write(mark.isEmpty ? "" : "\n" + mark, to: descriptor, path: path)
    }

    /// The last line of a lock file whose database has held a store.
    private static let storeMark: Substring = "store"

    /// - Returns: whether the file still held the pid of an owner, and whether it holds the mark of a store.
    private static func claim(_ descriptor: Int32, path: String) throws(Failure) -> (Bool, Bool) {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            guard code == EWOULDBLOCK else { throw .system(call: "flock", errno: code, path: path) }
            throw .ownedElsewhere(pid: Owner(lockFile: content(descriptor))?.pid, path: path)
        }
        let isTakenOver = Owner(lockFile: content(descriptor)) != nil
        let mark = keptMark(descriptor)
        try write("\(getpid())\n" + mark, to: descriptor, path: path)
        return (isTakenOver, !mark.isEmpty)
    }

    /// The mark of a store with its newline; empty if the file has none.
    private static func keptMark(_ descriptor: Int32) -> String {
        content(descriptor).hasSuffix("\n\(storeMark)\n") ? "\(storeMark)\n" : ""
    }

    private static func write(_ text: String, to descriptor: Int32, path: String) throws(Failure) {
        let bytes = Array(text.utf8)
        guard ftruncate(descriptor, 0) == 0 else { throw .system(call: "ftruncate", errno: errno, path: path) }
        let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard written == bytes.count else { throw .system(call: "pwrite", errno: errno, path: path) }
    }

    private static func content(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 1_024)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return String(decoding: bytes[..<max(count, 0)], as: UTF8.self)
    }

    private static func lockPath(for databasePath: String) -> String {
        if let resolved = resolve(databasePath) { return resolved + ".lock" }
        guard let slash = databasePath.lastIndex(of: "/") else { return databasePath + ".lock" }
        let folder = String(databasePath[...slash])
        guard let resolved = resolve(folder) else { return databasePath + ".lock" }
        return resolved + "/" + databasePath[databasePath.index(after: slash)...] + ".lock"
    }

    private static func resolve(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
