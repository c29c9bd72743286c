package import Files
internal import Glibc

/// How a local file is added to a root of artifacts.
package enum AdoptionWay: Sendable {
    case copy
    /// The new file shares disk space with the source, by a clone (FICLONE) or else by a hard link; if neither is
    /// possible, the bytes are copied.
    case link
}

/// The result of adding a local file to a root.
package enum Adoption: Sendable, Equatable {
    case stored(bytes: Int64)
    /// The path already has a file of the same bytes.
    case same(bytes: Int64)
    /// The path already has a file of other bytes, which was not changed.
    case different
}

extension ArtifactRoot {
    /// Adds a local file, with its modification time, at a path that has no file yet.
    ///
    /// Blocks while the file is read and written, and for two disk flushes. If the path already has a file of the same
    /// size, both files are compared byte by byte, unless they are the same inode or have the same modification time to
    /// the nanosecond. Equal times of whole seconds are not enough, because archives store only whole seconds, and many
    /// programs give all their files the same time.
    /// - Parameter source: a regular file, opened for reading.
    /// - Throws: the errors of `beginWrite` and `ArtifactUpload.commit`.
    package func adopt(
        _ source: Descriptor,
        at path: ArtifactPath,
        by way: AdoptionWay
    ) throws(ArtifactError) -> Adoption {
        let status = try source.status()
        let sourceStatus = FileStatus(status)
        do {
            let (file, stored) = try openFile(path)
            guard stored.size == sourceStatus.size else { return .different }
            let hasSameTime = stored.modification == sourceStatus.modification && status.st_mtim.tv_nsec != 0
            let isSameFile = stored.identity == sourceStatus.identity || hasSameTime
            guard isSameFile || haveEqualBytes(file, source, size: sourceStatus.size) else { return .different }
            return .same(bytes: sourceStatus.size)
        } catch .notFound {
            let upload = try beginWrite(path)
            switch way {
            case .copy: try upload.append(source)
            case .link:
                if try upload.commit(linking: source) { return .stored(bytes: sourceStatus.size) }
                try upload.append(source)
            }
            upload.setModification(status.st_mtim)
            try upload.commit()
            return .stored(bytes: sourceStatus.size)
        }
    }
}

extension ArtifactUpload {
    /// Sets the modification time of the file, if the file system has such times.
    func setModification(_ time: timespec) {
        let times = [time, time]
        _ = utimensat(folder.descriptor.rawValue, temporaryName, times, AT_SYMLINK_NOFOLLOW)
    }

    /// Makes the target share the disk space of another file, and ends the upload.
    ///
    /// - Returns: false if the files cannot share space, for example because they are on different file systems; the
    ///   upload then continues.
    fileprivate func commit(linking source: Descriptor) throws(ArtifactError) -> Bool {
        guard let space = share(source) else { return false }
        switch space {
        case .extents:
            var status = stat()
            if fstat(source.rawValue, &status) == 0 { setModification(status.st_mtim) }
            try commit()
        case .inode:
            abort()
            try folder.synchronize()
        }
        return true
    }

    private func share(_ source: Descriptor) -> SharedSpace? {
        if let own = try? folder.open(temporaryName, flags: O_RDWR),
            ioctl(own.rawValue, Sharing.cloneFile, source.rawValue) == 0
        {
            return .extents
        }
        return (try? folder.link(source, replacing: name)) == nil ? nil : .inode
    }
}
