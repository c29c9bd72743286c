internal import Files
internal import Glibc

/// What an upload needs to share the disk space of a stored file with equal content.
struct Sharing: Sendable {
    let contents: SharedContents
    let root: ArtifactRoot
    /// The target path of the upload.
    let path: ArtifactPath
}

extension Sharing {
    /// Makes the upload share the disk space of a stored file with equal content.
    ///
    /// If the file system supports clones (FICLONE), the upload's own file shares the extents of the other file until one
    /// of them is changed. Otherwise the name becomes a hard link to the other file.
    /// - Returns: nil if no stored file has these bytes, or if no such file can share its space, because it is on another file
    ///   system, has as many links as the file system allows, or has another owner.
    func share(_ file: Descriptor, size: Int64, sha256: [UInt8], in folder: Folder, as name: String) -> SharedSpace? {
        // An empty file takes no space, so sharing would only make all empty files links to one inode.
        guard size > 0 else { return nil }
        for candidate in contents.candidates(for: sha256) {
            guard let (copy, status) = try? root.openFile(candidate), status.size == size,
                haveEqualBytes(copy, file, size: size)
            else { continue }
            if ioctl(file.rawValue, Self.cloneFile, copy.rawValue) == 0 { return .extents }
            // Another program may have written the other file a moment ago, so it is made durable before it gets a link.
            guard fsync(copy.rawValue) == 0, (try? folder.link(copy, replacing: name)) != nil
            else { continue }
            return .inode
        }
        return nil
    }

    /// FICLONE, `_IOW(0x94, 9, int)`, from <linux/fs.h>, which the Glibc module leaves out.
    static let cloneFile: UInt = 0x4004_9409
}

/// The two ways to share the disk space of another file.
enum SharedSpace {
    /// The upload's own file shares the extents of the other file, and must still be moved to its target.
    case extents
    /// The target name is a hard link to the other file.
    case inode
}

extension Folder {
    /// Gives an open file a hard link in this folder, which replaces a file of the same name.
    func link(_ file: Descriptor, replacing name: String) throws(ArtifactError) {
        let direct = link(file, as: name)
        if direct == 0 { return }
        guard direct == EEXIST else { throw ArtifactError(errno: direct, call: "linkat") }
        // While this process has the lock, `removeStaleUploads` of another process does not remove the temporary name.
        _ = retryingInterrupts { flock(file.rawValue, LOCK_SH) }
        defer { _ = retryingInterrupts { flock(file.rawValue, LOCK_UN) } }
        let temporaryName = ArtifactUpload.nextTemporaryName()
        let code = link(file, as: temporaryName)
        guard code == 0 else { throw ArtifactError(errno: code, call: "linkat") }
        // If both names are links to one file, rename(2) does nothing, so the temporary name is removed here.
        defer { _ = unlink(temporaryName) }
        try systemCall("renameat") { renameat(descriptor.rawValue, temporaryName, descriptor.rawValue, name) }
    }

    /// - Returns: 0, or the value of `errno`.
    private func link(_ file: Descriptor, as name: String) -> Int32 {
        // The link is made from the descriptor of the compared file, because its path may now name another file.
        let path = "/proc/self/fd/\(file.rawValue)"
        return retryingInterrupts { linkat(AT_FDCWD, path, descriptor.rawValue, name, AT_SYMLINK_FOLLOW) }.code
    }
}
