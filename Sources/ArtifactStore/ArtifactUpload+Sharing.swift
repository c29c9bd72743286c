internal import Files
internal import Glibc

/// What an upload needs to know to share the space of an equal file.
struct Sharing: Sendable {
    let contents: SharedContents
    let root: ArtifactRoot
    /// Where the upload will lie.
    let path: ArtifactPath
}

extension Sharing {
    /// Makes the upload's name stand for the bytes of an equal file that is there already.
    ///
    /// Where the file system can, the upload's own file takes over the extents of the other (FICLONE): two files, whose
    /// space parts again when one of them is changed. Elsewhere the name becomes a hard link to the other.
    /// - Returns: nil when no path holds these bytes, or none of them can be shared: other file systems, more links
    ///   than an inode takes, another owner.
    func share(_ file: Descriptor, size: Int64, sha256: [UInt8], in folder: Folder, as name: String) -> SharedSpace? {
        // Nothing to save, and every folder of empty marker files would depend on one inode.
        guard size > 0 else { return nil }
        for candidate in contents.candidates(for: sha256) {
            guard let copy = try? root.open(candidate), copy.size == size,
                haveEqualBytes(copy.descriptor, file, size: size)
            else { continue }
            if ioctl(file.rawValue, UInt(Self.cloneFile), copy.descriptor.rawValue) == 0 { return .extents }
            // Another program may have written the copy a moment ago; for a file of ours there is nothing left to do.
            guard fsync(copy.descriptor.rawValue) == 0, (try? folder.link(copy.descriptor, replacing: name)) != nil
            else {
                continue
            }
            return .inode
        }
        return nil
    }

    /// FICLONE, `_IOW(0x94, 9, int)`, from <linux/fs.h>, which the Glibc module leaves out.
    private static let cloneFile = 0x4004_9409
}

/// How the space of another file is shared.
enum SharedSpace {
    /// The upload's own file holds the other's extents; it is still to be put in its place.
    case extents
    /// The name stands for the other file.
    case inode
}

extension Folder {
    /// Gives an open file a name of this folder, in the place of a file that has it.
    func link(_ file: Descriptor, replacing name: String) throws(ArtifactError) {
        let direct = link(file, as: name)
        if direct == 0 { return }
        guard direct == EEXIST else { throw ArtifactError(errno: direct, call: "linkat") }
        // As long as this process holds the lock, the sweep of another one spares the temporary name.
        _ = retryingInterrupts { flock(file.rawValue, LOCK_SH) }
        defer { _ = retryingInterrupts { flock(file.rawValue, LOCK_UN) } }
        let temporaryName = ArtifactUpload.nextTemporaryName()
        let code = link(file, as: temporaryName)
        guard code == 0 else { throw ArtifactError(errno: code, call: "linkat") }
        // rename(2) does nothing, and leaves both names, where they stand for one file.
        defer { _ = unlink(temporaryName) }
        let (renamed, renameCode) = retryingInterrupts {
            renameat(descriptor.rawValue, temporaryName, descriptor.rawValue, name)
        }
        guard renamed == 0 else { throw ArtifactError(errno: renameCode, call: "renameat") }
    }

    /// - Returns: 0, or the value of `errno`.
    private func link(_ file: Descriptor, as name: String) -> Int32 {
        // By the descriptor: the file that was compared, whatever its path has come to mean since.
        let path = "/proc/self/fd/\(file.rawValue)"
        return retryingInterrupts { linkat(AT_FDCWD, path, descriptor.rawValue, name, AT_SYMLINK_FOLLOW) }.code
    }
}
