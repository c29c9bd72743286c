internal import Files
internal import Glibc
internal import Logging
internal import SQLite

extension StorageLayout {
    /// Locks the data folder of a server whose data is in PostgreSQL, so that `apus doctor --data-dir` finds the server.
    ///
    /// - Returns: nil if the folder cannot be written or another server has locked it; this server works without the lock.
    func lockFolder(_ logger: Logger) -> OwnerLock? {
        do {
            try Self.makeFolders(Self.parent(of: databasePath))
            return try OwnerLock(databasePath: databasePath)
        } catch {
            logger.notice("commands with --data-dir do not find this server", metadata: ["reason": "\(error)"])
            return nil
        }
    }
}

/// The folder that contains the database.
struct DataFolder {
    let path: String
    let databasePath: String

    /// Removes other users' access to the folder if only Apus uses it.
    ///
    /// Such a folder contains only the database, the files beside it, and `artifacts`. The working directory, `/tmp`
    /// and a folder with other files keep their permissions, because other programs use them.
    func restrictModes(workingDirectory: String) {
        var status = stat()
        guard path != workingDirectory, stat(path, &status) == 0 else { return }
        guard status.st_mode & 0o077 != 0, status.st_mode & S_ISVTX == 0, status.st_uid == geteuid() else { return }
        guard containsOnlyOwnFiles else { return }
        _ = chmod(path, 0o700)
    }

    private var containsOnlyOwnFiles: Bool {
        guard let folder = opendir(path) else { return false }
        defer { closedir(folder) }
        let database = databasePath.split(separator: "/").last.map(String.init) ?? ""
        while let entry = readdir(folder) {
            let name = String(cString: entry.name)
            guard [".", "..", "artifacts"].contains(name) || name.hasPrefix(database) else { return false }
        }
        return true
    }

    /// Makes the entries of a folder durable; failures are ignored, because some file systems do not support this.
    static func synchronize(_ path: String) {
        let descriptor = open(path.isEmpty ? "/" : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }
}
