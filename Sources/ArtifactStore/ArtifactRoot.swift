internal import Files
internal import Glibc
internal import Synchronization

/// A directory that contains artifacts, and all operations on the files beneath it.
///
/// Every path is resolved beneath a descriptor of the directory, and symbolic links beneath it are never followed, so
/// that no path leads outside, even if somebody creates or replaces links meanwhile. The path of the directory itself may
/// contain links, because the operator chose this path, not a client. All functions block, and any thread may call them.
package final class ArtifactRoot: Sendable {
    /// The path of the directory; a relative path starts at the working directory of the process.
    package let location: String
    /// Lets files of equal content share disk space; nil if no files share space.
    package let sharedContents: SharedContents?
    /// Keeps a part of the disk free for the database; nil if artifacts may fill the disk.
    package let freeSpace: FreeSpace?
    /// The open directory; nil before its first use.
    private let openRoot = Mutex<Folder?>(nil)
    private let resolver: PathResolver

    /// Creates the object without accessing the directory: the first call that needs the directory opens it, and the
    /// first write creates it.
    ///
    /// - Parameter resolvesInOneCall: false for opening each path component by component, as on kernels without openat2(2).
    package init(
        location: String,
        sharedContents: SharedContents? = nil,
        freeSpace: FreeSpace? = nil,
        resolvesInOneCall: Bool = true
    ) {
        self.location = location
        self.sharedContents = sharedContents
        self.freeSpace = freeSpace
        resolver = PathResolver(usesOneCall: resolvesInOneCall)
    }

    /// Returns the files and folders in a folder, sorted together by the bytes of their names.
    ///
    /// Makes one system call per entry, and needs memory for all entries of the folder. Unfinished uploads, symbolic
    /// links, devices and names that no `ArtifactPath` can contain are left out.
    /// - Parameters:
    ///   - path: the folder, relative to `base`.
    ///   - base: the folder to which the paths of the entries are relative, such as a run's folder.
    /// - Returns: no entries for a file, and for a folder that does not exist, as MLflow's `artifacts/list` does.
    /// - Throws: `.invalidPath(.symbolicLink)` if a component is a link; other errors of the file system.
    package func list(
        _ path: ArtifactPath,
        relativeTo base: ArtifactPath = .root
    ) throws(ArtifactError) -> [ArtifactEntry] {
        let folder: Folder
        do {
            folder = try self.folder(at: base.appending(path).components)
        } catch .notFound, .notDirectory {
            return []
        }
        let prefix = path.prefix
        var entries: [ArtifactEntry] = []
        for entry in try folder.entries() {
            guard let name = entry.text, ArtifactPath.isNameable(name) else { continue }
            // An entry without a status was removed after the folder was read.
            guard let status = try folder.status(of: entry.name) else { continue }
            switch status.kind {
            case .file:
                entries.append(ArtifactEntry(path: prefix + name, isDirectory: false, size: Int64(status.st_size)))
            case .folder: entries.append(ArtifactEntry(path: prefix + name, isDirectory: true, size: 0))
            case .symbolicLink, .other: continue
            }
        }
        // MLflow sorts by code points, which is the order of the bytes in UTF-8; the order of Swift's strings differs.
        entries.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        return entries
    }

    /// Opens a file for reading; a later upload to the path does not change the opened file.
    ///
    /// - Throws: `.notFound`, also if a component above the last one is a file; `.isDirectory`;
    ///   `.invalidPath(.symbolicLink)` if a component is a link.
    package func open(_ path: ArtifactPath) throws(ArtifactError) -> OpenArtifact {
        let (descriptor, status) = try openFile(path)
        return OpenArtifact(descriptor, status: status)
    }

    /// Opens a file as `open` does, and returns its descriptor and its status.
    func openFile(_ path: ArtifactPath) throws(ArtifactError) -> (Descriptor, FileStatus) {
        guard path.name != nil else { throw .isDirectory }
        let root = try rootFolder(makingIfMissing: false)
        let descriptor: Descriptor
        do {
            descriptor = try resolver.open(path.components, in: root, flags: O_RDONLY)
        } catch .notDirectory, .other(errno: ENXIO, call: _) {
            // open(2) fails with ENXIO for a socket and for a device without a driver, which are not artifacts.
            throw .notFound
        }
        let status = try descriptor.status()
        switch status.kind {
        case .file: return (descriptor, FileStatus(status))
        case .folder: throw .isDirectory
        case .symbolicLink, .other: throw .notFound
        }
    }

    /// Begins to write a file: creates the missing folders of its path, and a temporary file in the folder of the target.
    ///
    /// Readers see the old file, or none, until `ArtifactUpload.commit()`. New folders remain if the upload is aborted.
    /// The umask decides the modes of new folders and files.
    /// - Parameters:
    ///   - length: the number of bytes that the client announces; nil if it announces none.
    ///   - claim: adds the bytes to the use of a quota before they are written; nil if no quota counts them.
    /// - Throws: `.spaceKept` if there is no room for the announced bytes besides the space that is kept free;
    ///   `.isDirectory` if the path is a folder; `.notDirectory` if a component above the last one is a file;
    ///   `.invalidPath` for the root, a trailing slash, and a component that is a link; `.busy` if other requests delete
    ///   the folders again and again; `.noSpace` and other errors of the file system.
    package func beginWrite(
        _ path: ArtifactPath,
        length: Int64? = nil,
        claim: (any StorageClaim)? = nil
    ) throws(ArtifactError) -> ArtifactUpload {
        try freeSpace?.requireRoom(for: length ?? 0)
        guard let name = path.name else { throw .invalidPath(path.obstacleToWriting ?? .empty) }
        if let obstacle = path.obstacleToWriting { throw .invalidPath(obstacle) }
        var attemptsLeft = 3
        while true {
            attemptsLeft -= 1
            do throws(ArtifactError) {
                let folder = try parentFolder(of: path)
                switch try folder.kind(of: name) {
                case .folder: throw ArtifactError.isDirectory
                case .symbolicLink: throw ArtifactError.invalidPath(.symbolicLink)
                case .other: throw ArtifactError.notDirectory
                case .file, nil:
                    let sharing = sharedContents.map { Sharing(contents: $0, root: self, path: path) }
                    return try ArtifactUpload(
                        folder: folder,
                        name: name,
                        sharing: sharing,
                        freeSpace: freeSpace,
                        claim: claim
                    )
                }
            } catch .notFound {
                // A deletion removed a folder between two steps.
                guard attemptsLeft > 0 else { throw .busy }
            }
        }
    }

    /// Opens the folder of a file that will be written; creates the folder if it is missing.
    private func parentFolder(of path: ArtifactPath) throws(ArtifactError) -> Folder {
        let root = try rootFolder(makingIfMissing: true)
        let names = path.components.dropLast()
        guard !names.isEmpty else { return root }
        do {
            return Folder(descriptor: try resolver.open(names, in: root, flags: O_RDONLY | O_DIRECTORY))
        } catch .notFound {
            var folder = root
            for name in names { folder = try folder.folderMakingIfMissing(name) }
            return folder
        }
    }

    /// Opens the folder with these path components.
    func folder(at components: some BidirectionalCollection<String>) throws(ArtifactError) -> Folder {
        let root = try rootFolder(makingIfMissing: false)
        if components.isEmpty { return root }
        return Folder(descriptor: try resolver.open(components, in: root, flags: O_RDONLY | O_DIRECTORY))
    }
}

extension ArtifactRoot {
    /// Returns the root as an open folder, which later calls use again; opens the path again if the directory was removed
    /// meanwhile.
    func rootFolder(makingIfMissing: Bool) throws(ArtifactError) -> Folder {
        if let folder = openRoot.withLock({ $0 }), folder.isStillLinked { return folder }
        if makingIfMissing { try makeRoot() }
        let (result, code) = retryingInterrupts { Glibc.open(location, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard result >= 0 else { throw Self.failure(ofRoot: code, call: "open") }
        let folder = Folder(descriptor: Descriptor(owning: result))
        openRoot.withLock { $0 = folder }
        return folder
    }

    /// Creates the directory, which only its owner may access, and the missing directories above it.
    private func makeRoot() throws(ArtifactError) {
        var prefix = location.utf8.first == UInt8(ascii: "/") ? "/" : ""
        let segments = location.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        for (index, segment) in segments.enumerated() {
            let parent = prefix.isEmpty ? "." : prefix
            prefix += prefix.isEmpty || prefix == "/" ? segment : "/" + segment
            let mode: mode_t = index == segments.count - 1 ? 0o700 : 0o777
            let (result, code) = retryingInterrupts { mkdir(prefix, mode) }
            if result != 0 {
                if code == EEXIST || isDirectory(prefix) { continue }
                throw code == ENOENT ? .rootUnavailable : Self.failure(ofRoot: code, call: "mkdir")
            }
            let (raw, openCode) = retryingInterrupts { Glibc.open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
            guard raw >= 0 else { throw Self.failure(ofRoot: openCode, call: "open") }
            try Folder(descriptor: Descriptor(owning: raw)).synchronize()
        }
    }

    /// The error for a root that cannot be opened: ENOTDIR and ELOOP become `.rootUnavailable`, because the client's path
    /// is not their cause.
    private static func failure(ofRoot code: Int32, call: String) -> ArtifactError {
        code == ENOTDIR || code == ELOOP ? .rootUnavailable : ArtifactError(errno: code, call: call)
    }

    /// Whether the path is a directory; on a read-only file system, mkdir(2) may fail with another error than EEXIST
    /// although the directory exists.
    private func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.kind == .folder
    }
}

extension Folder {
    /// Whether the directory still exists; no file can be created in a directory that was removed.
    fileprivate var isStillLinked: Bool {
        var status = stat()
        return fstat(descriptor.rawValue, &status) == 0 && status.st_nlink > 0
    }
}
