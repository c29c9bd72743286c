internal import Glibc
internal import Synchronization

/// Makes this process the only owner of a database, until `release()` or until this object is deallocated.
///
/// Holds an `flock` on the file `<database>.lock`. The kernel releases the lock however the process ends. A second
/// lock fails within the same process too. The file is never removed, because another process may have just opened it.
package final class OwnerLock: Sendable {
    /// Why the lock was not obtained.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// Another owner holds the lock; `pid` is its process, or nil if the lock file has no pid.
        case ownedElsewhere(pid: Int32?, path: String)
        /// The system call `call` on the lock file failed with `errno`.
        case system(call: String, errno: Int32, path: String)

        /// One line for the person who starts the server.
        package var description: String {
            switch self {
            case .ownedElsewhere(let pid, let path):
                "another process\(pid.map { " (pid \($0))" } ?? "") owns the database: \(path) is locked"
            case .system(let call, let errno, let path): "\(call) \(path): \(String(cString: strerror(errno)))"
            }
        }
    }

    /// The path of the lock file.
    package let path: String

    /// Whether the last owner ended without `release()`: it crashed or was killed, or the machine crashed.
    package let previousOwnerCrashed: Bool

    /// Whether an earlier owner has called `recordDatabase()` for this database.
    package let expectsDatabase: Bool

    private let descriptor: Int32
    private let isReleased = Atomic<Bool>(false)

    /// Locks a database, without waiting; its folder must exist, but the database file need not.
    ///
    /// Two paths that lead to the same database through symbolic links share one lock.
    package init(databasePath: String) throws(Failure) {
        path = Self.lockPath(for: databasePath)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(call: "open", errno: errno, path: path) }
        do {
            (previousOwnerCrashed, expectsDatabase) = try Self.claim(descriptor, path: path)
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

    /// Records in the lock file that the database has been created, so that a later owner notices if it is missing.
    package func recordDatabase() throws(Failure) {
        try Self.write("\(getpid())\n\(Self.databaseLine)\n", to: descriptor, path: path)
    }

    /// Writes the address at which this server answers, and the name of this machine, to the lock file.
    ///
    /// A command that needs the same database reads them, to send its request to this server.
    /// - Parameters:
    ///   - address: the server's address; an empty one removes everything that an earlier call has written.
    ///   - key: the secret that such a command must send; not written if other users could read the file.
    ///   - requiresTokens: whether this server requires a token in every request.
    package func announce(_ address: String, key: String = "", requiresTokens: Bool = false) throws(Failure) {
        var lines = address.isEmpty ? "" : "\(address)\n\(Owner.machine)\n"
        if !lines.isEmpty, !key.isEmpty, makePrivate() { lines += Owner.keyPrefix + key + "\n" }
        if !lines.isEmpty, requiresTokens { lines += "\(Owner.tokensLine)\n" }
        try Self.write("\(getpid())\n" + lines + Self.keptDatabaseLine(descriptor), to: descriptor, path: path)
    }

    /// Removes other users' access to the lock file, which an older version of Apus may have left readable.
    ///
    /// - Returns: whether only the owner of the file can read it now.
    private func makePrivate() -> Bool {
        var status = stat()
        _ = fchmod(descriptor, 0o600)
        return fstat(descriptor, &status) == 0 && status.st_mode & 0o077 == 0
    }

    /// The owner according to the lock file; nil if there is no lock file, or the last owner has called `release()`.
    package static func owner(ofDatabase databasePath: String) -> Owner? {
        let descriptor = open(lockPath(for: databasePath), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { Glibc.close(descriptor) }
        return Owner(lockFile: content(descriptor))
    }

    /// Whether there is a lock file, but no owner has created the database, because the server stores its data elsewhere.
    package static func hasOwnersWithoutDatabase(_ databasePath: String) -> Bool {
        let descriptor = open(lockPath(for: databasePath), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        return keptDatabaseLine(descriptor).isEmpty
    }

    /// Removes the pid from the lock file, which shows an orderly end, and releases the lock; safe to call twice.
    package func release() {
        guard !isReleased.exchange(true, ordering: .acquiringAndReleasing) else { return }
        defer { _ = flock(descriptor, LOCK_UN) }
        let line = Self.keptDatabaseLine(descriptor)
        try? Self.write(line.isEmpty ? "" : "\n" + line, to: descriptor, path: path)
    }

    /// The last line of a lock file whose database has been created.
    private static let databaseLine: Substring = "store"

    /// - Returns: whether the file still contained the pid of an owner, and whether it has `databaseLine`.
    private static func claim(_ descriptor: Int32, path: String) throws(Failure) -> (Bool, Bool) {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            guard code == EWOULDBLOCK else { throw .system(call: "flock", errno: code, path: path) }
            throw .ownedElsewhere(pid: Owner(lockFile: content(descriptor))?.pid, path: path)
        }
        let previousOwnerCrashed = Owner(lockFile: content(descriptor)) != nil
        let line = keptDatabaseLine(descriptor)
        try write("\(getpid())\n" + line, to: descriptor, path: path)
        return (previousOwnerCrashed, !line.isEmpty)
    }

    /// `databaseLine` with its newline; empty if the file does not end with this line.
    private static func keptDatabaseLine(_ descriptor: Int32) -> String {
        content(descriptor).hasSuffix("\n\(databaseLine)\n") ? "\(databaseLine)\n" : ""
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
