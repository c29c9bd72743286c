internal import Files
internal import Glibc

extension ArtifactRoot {
    /// Deletes a file, or a folder with everything beneath it; links are removed, not followed.
    ///
    /// Blocks for one disk flush and two system calls per entry. A folder is deleted entry by entry, so readers may
    /// meanwhile see a part of its entries. If the path ends with a slash, only a folder is deleted, never a file.
    /// - Parameter removed: called with the size of each file after its removal, even if a later step fails.
    /// - Returns: whether a file or a folder was deleted.
    /// - Throws: `.invalidPath(.empty)` for the root; `.busy` if other requests add files to the folder meanwhile;
    ///   `.invalidPath(.symbolicLink)` if a component above the last one is a link; `.invalidPath(.longPath)` for a
    ///   tree that is deeper than a path can name; other errors of the file system.
    @discardableResult
    package func delete(
        _ path: ArtifactPath,
        removed: (_ bytes: Int64) -> Void = { _ in }
    ) throws(ArtifactError) -> Bool {
        guard let name = path.name else { throw .invalidPath(.empty) }
        let parent: Folder
        do {
            parent = try folder(at: path.components.dropLast())
        } catch .notFound, .notDirectory {
            return false
        }
        let status = try parent.status(of: name)
        switch status?.kind {
        case nil: return false
        case .folder: try parent.removeTree(name, depth: path.components.count, removed)
        case .file, .symbolicLink, .other:
            if path.obstacleToWriting == .trailingSlash { return false }
            let code = parent.unlink(name)
            guard code == 0 || code == ENOENT else { throw ArtifactError(errno: code, call: "unlinkat") }
            if let status, status.kind == .file { removed(Int64(status.st_size)) }
        }
        try parent.synchronize()
        return true
    }

    /// Removes a folder if it exists and is empty.
    ///
    /// - Returns: whether the folder was removed.
    @discardableResult
    package func removeIfEmpty(_ path: ArtifactPath) throws(ArtifactError) -> Bool {
        guard let name = path.name else { return false }
        do {
            let parent = try folder(at: path.components.dropLast())
            guard parent.unlink(name, flags: AT_REMOVEDIR) == 0 else { return false }
            try parent.synchronize()
            return true
        } catch .notFound, .notDirectory, .invalidPath {
            return false
        }
    }

    /// Removes the temporary files of uploads whose processes have ended.
    ///
    /// The server calls this when it starts, in the background because the whole tree is read. Uploads of this process,
    /// and uploads that another running process has locked, are kept.
    /// - Returns: the number of files removed.
    /// - Throws: the errors of opening the root; a root that does not exist yet is not an error.
    @discardableResult
    package func removeStaleUploads() throws(ArtifactError) -> Int {
        do {
            return try folder(at: []).removeStaleUploads(depth: 0)
        } catch .notFound {
            return 0
        }
    }
}

extension Folder {
    /// Removes a folder in this folder and everything beneath it; tries again if uploads add files to it meanwhile.
    fileprivate func removeTree(
        _ name: UnsafePointer<CChar>,
        depth: Int,
        _ removed: (_ bytes: Int64) -> Void
    ) throws(ArtifactError) {
        guard depth <= ArtifactPath.maximumDepth else { throw .invalidPath(.longPath) }
        for _ in 0..<8 {
            do {
                try folder(name).removeEntries(depth: depth, removed)
            } catch .notFound {
                return
            }
            let code = unlink(name, flags: AT_REMOVEDIR)
            if code == 0 || code == ENOENT { return }
            guard code == ENOTEMPTY || code == EEXIST else { throw ArtifactError(errno: code, call: "unlinkat") }
        }
        throw .busy
    }

    private func removeEntries(depth: Int, _ removed: (_ bytes: Int64) -> Void) throws(ArtifactError) {
        for entry in try entries() {
            let isFolder = Int32(entry.type) == Int32(DT_DIR)
            let status = isFolder ? nil : try status(of: entry.name)
            var code = isFolder ? EISDIR : unlink(entry.name)
            if code == EISDIR {
                try removeTree(entry.name, depth: depth + 1, removed)
                code = 0
            }
            guard code == 0 || code == ENOENT else { throw ArtifactError(errno: code, call: "unlinkat") }
            if let status, status.kind == .file { removed(Int64(status.st_size)) }
        }
    }

    fileprivate func removeStaleUploads(depth: Int) throws(ArtifactError) -> Int {
        var removed = 0
        for entry in try entries() {
            if entry.isUploadOfOtherProcess {
                if removeIfStale(entry) { removed += 1 }
            } else if depth < ArtifactPath.maximumDepth, [DT_DIR, DT_UNKNOWN].contains(Int(entry.type)) {
                // A file of unknown type, a folder that was just deleted and a folder without permission are skipped.
                removed += (try? folder(entry.name).removeStaleUploads(depth: depth + 1)) ?? 0
            }
        }
        return removed
    }

    /// Removes the entry if it is the temporary file of an upload whose process has ended.
    private func removeIfStale(_ entry: Entry) -> Bool {
        // A file that cannot be opened may still be in use.
        guard let file = try? open(entry.name, flags: O_RDONLY) else { return false }
        var status = stat()
        guard fstat(file.rawValue, &status) == 0, status.kind == .file else { return false }
        // The lock is held until the file is removed. An upload that has just created the file waits for the lock and then
        // finds that the file no longer exists.
        return withExtendedLifetime(file) {
            let (locked, code) = retryingInterrupts { flock(file.rawValue, LOCK_EX | LOCK_NB) }
            // Without locks in the file system, a file that is older than a day counts as abandoned.
            let isAbandoned = locked == 0 || (code != EWOULDBLOCK && isOlderThanADay(status))
            return isAbandoned && unlink(entry.name) == 0
        }
    }

    private func isOlderThanADay(_ status: stat) -> Bool {
        let daySeconds = 86_400
        return time(nil) - status.st_mtim.tv_sec > daySeconds
    }
}

extension Folder.Entry {
    /// Whether the name is that of another process's upload.
    fileprivate var isUploadOfOtherProcess: Bool {
        guard let text, text.utf8.starts(with: ArtifactUpload.namePrefix.utf8) else { return false }
        return !text.utf8.starts(with: ArtifactUpload.ownNamePrefix.utf8)
    }
}
