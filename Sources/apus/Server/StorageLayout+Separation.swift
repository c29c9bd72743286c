internal import Glibc

extension StorageLayout {
    /// Refuses an artifact folder beneath which the database lies: clients could fetch, replace and delete it.
    ///
    /// Symbolic links are followed, so that no other name of the same folder passes.
    func requireDatabaseOutsideArtifacts() throws(StartFailure) {
        let database = Self.resolved(databasePath)
        let folders = [("--artifacts-destination", artifactsPath), ("--default-artifact-root", localArtifactRootPath)]
        for (flag, folder) in folders {
            guard let folder, Self.contains(Self.resolved(folder), database) else { continue }
            throw StartFailure(
                "The database '\(databasePath)' lies within the artifact folder '\(folder)', so that clients could fetch and "
                    + "delete it as an artifact. Name another folder with \(flag), or place the database elsewhere with "
                    + "--data-dir or --backend-store-uri."
            )
        }
    }

    private static func contains(_ folder: String, _ path: String) -> Bool {
        path == folder || path.hasPrefix(folder == "/" ? folder : folder + "/")
    }

    /// The path without links, as far as it exists; what does not exist yet stays as it is.
    private static func resolved(_ path: String) -> String {
        if let buffer = realpath(path, nil) {
            defer { free(buffer) }
            return String(cString: buffer)
        }
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return path }
        return resolved(String(path[..<slash])) + path[slash...]
    }
}
