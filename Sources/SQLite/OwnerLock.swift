internal import Glibc
internal import Synchronization

/// The claim of one process to one database, held as long as this object lives.
///
/// A lock of the kernel (`flock`) on the file `<database>.lock`: it goes with the process, however that ends, and two
/// claims within one process conflict as well. The file stays behind, because removing it would race with a second
/// process that has just opened it.
package final class OwnerLock: Sendable {
    /// Why the claim failed.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// Another claim is held, by this process if it is given; nil if the file does not say.
        case ownedElsewhere(pid: Int32?, path: String)
        /// The lock file cannot be opened, locked or written; `errno` with the call's name.
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

    /// Whether the last owner ended without `release()`: it was killed, or the machine went down.
    package let isTakenOver: Bool

    /// Whether a store has been kept in the database before, by `noteStore()` of an earlier owner.
    package let knowsStore: Bool

    private let descriptor: Int32
    private let isReleased = Atomic<Bool>(false)

    /// Claims a database; its folder must exist, the database itself need not.
    ///
    /// Does not wait. A database reached by two names through symbolic links has one lock.
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

    /// Tells later owners that the database holds a store, so that they miss it when it is gone.
    package func noteStore() throws(Failure) {
        try Self.write("\(getpid())\n\(Self.storeMark)\n", to: descriptor, path: path)
    }

    /// Writes beside the pid where the owner answers; an empty address takes it back.
    ///
    /// For another process that wants the same database: the address, and the name of the machine that it holds on.
    package func announce(_ address: String) throws(Failure) {
        let place = address.isEmpty ? "" : "\(address)\n\(Owner.machine)\n"
        try Self.write("\(getpid())\n" + place + Self.keptMark(descriptor), to: descriptor, path: path)
    }

    /// What the owner of a database has said of itself; nil when nobody has, or it left in order.
    package static func owner(ofDatabase databasePath: String) -> Owner? {
        let descriptor = open(lockPath(for: databasePath), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { Glibc.close(descriptor) }
        return Owner(lockFile: content(descriptor))
    }

    /// Tells the next owner that all was left in order, and gives the lock free; safe to call twice.
    ///
    /// A stale pid would mislead a person who looks into the file, too.
    package func release() {
        guard !isReleased.exchange(true, ordering: .acquiringAndReleasing) else { return }
        defer { _ = flock(descriptor, LOCK_UN) }
        let mark = Self.keptMark(descriptor)
        try? Self.write(mark.isEmpty ? "" : "\n" + mark, to: descriptor, path: path)
    }

    /// The last line of a lock file whose database has held a store.
    private static let storeMark: Substring = "store"

    /// - Returns: whether the file still held the pid of an owner, and whether it knows of a store.
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

    /// The mark of a store with its line end; empty where the file has none.
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
