internal import Files
internal import Glibc

/// What an upload needs to know to share the space of an equal file.
struct Sharing: Sendable {
    let contents: SharedContents
    let root: ArtifactRoot
    /// The target path of the upload.
    let path: ArtifactPath
}

extension Sharing {
    /// Makes the upload share the space of an equal file that already exists.
    ///
    /// If the file system supports it (FICLONE), the upload's own file takes over the extents of the other. They remain
    /// two files, which no longer share space once one of them is changed. Otherwise the name becomes a hard link.
    /// - Returns: nil when no path holds these bytes, or none of them can be shared: other file systems, more links
    ///   than an inode takes, another owner.
    func share(_ file: Descriptor, size: Int64, sha256: [UInt8], in folder: Folder, as name: String) -> SharedSpace? {
        // Empty files have no space to save, and the empty marker files of all folders would depend on one inode.
        guard size > 0 else { return nil }
        for candidate in contents.candidates(for: sha256) {
            guard let (copy, status) = try? root.openFile(candidate), status.size == size,
                haveEqualBytes(copy, file, size: size)
            else { continue }
            if ioctl(file.rawValue, Self.cloneFile, copy.rawValue) == 0 { return .extents }
            // Another program may have written the copy a moment ago. Files that this server wrote are already
            // durable.
            guard fsync(copy.rawValue) == 0, (try? folder.link(copy, replacing: name)) != nil
            else {
                continue
            }
            return .inode
        }
        return nil
    }

    /// FICLONE, `_IOW(0x94, 9, int)`, from <linux/fs.h>, which the Glibc module leaves out.
    static let cloneFile: UInt = 0x4004_9409
}

/// The two ways in which the space of another file is shared.
enum SharedSpace {
    /// The upload's own file holds the other file's extents; it must still be moved to its target.
    case extents
    /// The target name is a hard link to the other file.
    case inode
}

extension Folder {
    /// Links an open file into this folder under a name, and replaces a file of that name.
    func link(_ file: Descriptor, replacing name: String) throws(ArtifactError) {
        let direct = link(file, as: name)
        if direct == 0 { return }
        guard direct == EEXIST else { throw ArtifactError(errno: direct, call: "linkat") }
        // While this process holds the lock, the sweep of another process leaves the temporary name alone.
        _ = retryingInterrupts { flock(file.rawValue, LOCK_SH) }
        defer { _ = retryingInterrupts { flock(file.rawValue, LOCK_UN) } }
        let temporaryName = ArtifactUpload.nextTemporaryName()
        let code = link(file, as: temporaryName)
        guard code == 0 else { throw ArtifactError(errno: code, call: "linkat") }
        // rename(2) does nothing and keeps both names when both are links to one file.
        defer { _ = unlink(temporaryName) }
        let (renamed, renameCode) = retryingInterrupts {
            renameat(descriptor.rawValue, temporaryName, descriptor.rawValue, name)
        }
        guard renamed == 0 else { throw ArtifactError(errno: renameCode, call: "renameat") }
    }

    /// - Returns: 0, or the value of `errno`.
    private func link(_ file: Descriptor, as name: String) -> Int32 {
        // The link is made from the descriptor, so that it is the compared file even if its path now names another.
        let path = "/proc/self/fd/\(file.rawValue)"
        return retryingInterrupts { linkat(AT_FDCWD, path, descriptor.rawValue, name, AT_SYMLINK_FOLLOW) }.code
    }
}
