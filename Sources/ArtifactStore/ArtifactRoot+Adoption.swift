package import Files
internal import Glibc

/// How a file of this machine comes into a root of artifacts.
package enum AdoptionWay: Sendable {
    case copy
    /// The space is shared: by a clone where the file system can, else by a hard link, else it is a copy after all.
    case link
}

/// What became of a file that was to come into a root.
package enum Adoption: Sendable, Equatable {
    case stored(bytes: Int64)
    /// The same bytes are there already.
    case same(bytes: Int64)
    /// Another file has the path; it stays.
    case different
}

extension ArtifactRoot {
    /// Puts a file of this machine at a path, unless there is one; its time of modification comes along.
    ///
    /// Blocks for reading and writing it, and for two disk flushes. A file of the same size is read and compared, unless
    /// its time is that of the file here to the nanosecond. Times of whole seconds say nothing: archives hold no others,
    /// and programs give all of their files the same one.
    /// - Parameter source: a regular file, opened for reading.
    /// - Throws: the errors of `beginWrite` and `ArtifactUpload.commit`.
    package func adopt(
        _ source: Descriptor,
        at path: ArtifactPath,
        by way: AdoptionWay
    ) throws(ArtifactError) -> Adoption {
        var status = stat()
        let (result, code) = retryingInterrupts { fstat(source.rawValue, &status) }
        guard result == 0 else { throw ArtifactError(errno: code, call: "fstat") }
        let facts = FileStatus(status)
        do {
            let (file, stored) = try openFile(path)
            guard stored.size == facts.size else { return .different }
            let hasSameTime = stored.modification == facts.modification && status.st_mtim.tv_nsec != 0
            let isKnown = stored.identity == facts.identity || hasSameTime
            guard isKnown || haveEqualBytes(file, source, size: facts.size) else { return .different }
            return .same(bytes: facts.size)
        } catch .notFound {
            let upload = try beginWrite(path)
            switch way {
            case .copy: try upload.append(source)
            case .link:
                if try upload.commit(linking: source) { return .stored(bytes: facts.size) }
                try upload.append(source)
            }
            upload.setModification(status.st_mtim)
            try upload.commit()
            return .stored(bytes: facts.size)
        }
    }
}

extension ArtifactUpload {
    /// Gives the file a time of modification; without effect on file systems that keep none.
    func setModification(_ time: timespec) {
        let times = [time, time]
        _ = utimensat(folder.descriptor.rawValue, temporaryName, times, AT_SYMLINK_NOFOLLOW)
    }

    /// Makes the target share the space of another file, and ends the upload.
    ///
    /// - Returns: false where the file systems cannot share it; the upload then goes on.
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
