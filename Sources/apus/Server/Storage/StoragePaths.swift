internal import Files
internal import Glibc

/// Compares paths, so that the database is not in a folder in which clients may read, overwrite and delete files.
enum StoragePaths {
    /// Throws if a folder of artifacts contains the database, or is at or in the path of a file that belongs to the database.
    ///
    /// Links are resolved. The usual layout is allowed: the database, and beside it a folder of artifacts.
    static func requireApart(databasePath: String, artifacts: [(flag: String, path: String?)]) throws(StartFailure) {
        let database = resolved(databasePath)
        for (flag, path) in artifacts {
            guard let path else { continue }
            let folder = resolved(path)
            guard contains(folder, database) || isAtDatabaseFile(folder, database) || isAncestor(folder, of: database)
            else { continue }
            throw StartFailure(
                "The folder of artifacts '\(path)' would contain the database '\(databasePath)', and clients could fetch and "
                    + "delete it. Choose a folder beside the database with \(flag), such as '\(parent(databasePath))/artifacts'."
            )
        }
    }

    /// Whether a path, after links are resolved, is that of a folder or is in the folder; neither needs to exist.
    static func isInside(_ path: String, _ folder: String) -> Bool { contains(resolved(folder), resolved(path)) }

    /// Whether a path, after links are resolved, is the database, a file that belongs to it, or an artifact.
    static func isDataFile(_ path: String, databasePath: String, artifacts: String) -> Bool {
        if isAtDatabaseFile(resolved(path), resolved(databasePath)) || isInside(path, artifacts) { return true }
        guard let identity = FileIdentity(path: path) else { return false }
        return suffixes.contains { FileIdentity(path: databasePath + $0) == identity }
    }

    /// The suffixes of the files that belong to the database; its own file has none.
    private static let suffixes = ["", "-wal", "-shm", "-journal", ".lock", ".snapshots", ".artifacts"]

    /// Whether the folder is at, or in, the path of the database or of a file that belongs to it.
    private static func isAtDatabaseFile(_ folder: String, _ database: String) -> Bool {
        suffixes.contains { contains(database + $0, folder) }
    }

    /// Whether the folder is the parent of the database's file, or contains the parent.
    ///
    /// Folders are compared by identity, because a mount can give a folder a second path.
    private static func isAncestor(_ folder: String, of database: String) -> Bool {
        guard let identity = FileIdentity(path: folder) else { return false }
        var ancestor = parent(database)
        while true {
            if FileIdentity(path: ancestor) == identity { return true }
            if ancestor == "/" { return false }
            ancestor = parent(ancestor)
        }
    }

    private static func contains(_ folder: String, _ path: String) -> Bool {
        folder == path || folder == "/" || path.hasPrefix(folder + "/")
    }

    /// The path without links and `..`; only the part that exists is resolved.
    private static func resolved(_ path: String) -> String {
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            return String(cString: resolved)
        }
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return path }
        let folder = resolved(String(path[..<slash]))
        let name = path[path.index(after: slash)...]
        if name == ".." { return parent(folder) }
        return (folder == "/" ? "" : folder) + "/" + name
    }

    private static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
