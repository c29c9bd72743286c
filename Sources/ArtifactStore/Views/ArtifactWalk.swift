package import Files
internal import Glibc

/// Visits everything beneath a folder, ordered by the bytes of the whole paths.
///
/// Holds a descriptor and the names of each folder on the way down to the current entry. It leaves out the entries
/// that `ArtifactRoot.list` leaves out, and entries that are deeper than a path can name. Entries that are created or
/// removed meanwhile may or may not be visited.
package struct ArtifactWalk: Sendable {
    /// How to treat an entry that was deleted or replaced after its folder was read and before it is visited.
    package enum Vanished: Sendable {
        case isLeftOut
        /// The walk throws `.notFound`, for results that must be complete.
        case isAnError
    }

    /// A file or a folder.
    package struct Entry: Sendable {
        /// The path relative to the base of the walk.
        package let path: String
        package let isDirectory: Bool
        /// The size in bytes; 0 for folders.
        package let size: Int64
        package let status: FileStatus
        /// The modification time of a file's content, or of a folder's list of names.
        package var modification: FileTime { status.modification }
        private let name: String
        private let folder: Folder

        fileprivate init(path: String, name: String, folder: Folder, status: stat) {
            self.path = path
            isDirectory = status.kind == .folder
            size = isDirectory ? 0 : Int64(status.st_size)
            self.status = FileStatus(status)
            self.name = name
            self.folder = folder
        }

        /// Opens the file as it is now; it may have changed since it was visited.
        ///
        /// - Throws: `.notFound` where there is no file any more; other errors of the file system.
        package func open() throws(ArtifactError) -> OpenArtifact {
            let descriptor: Descriptor
            do {
                descriptor = try folder.open(name, flags: O_RDONLY)
            } catch .invalidPath(.symbolicLink), .other(errno: ENXIO, call: _) {
                throw .notFound
            }
            var status = stat()
            let (result, code) = retryingInterrupts { fstat(descriptor.rawValue, &status) }
            guard result == 0 else { throw ArtifactError(errno: code, call: "fstat") }
            guard status.kind == .file else { throw .notFound }
            return OpenArtifact(descriptor, status: status)
        }
    }

    /// A step of the walk: to return an entry, or to enter a folder.
    private struct Step {
        let name: String
        let isFolder: Bool
        let isDescent: Bool

        /// The position of the step in the order of whole paths: paths beneath `a` begin with `a/`, and `a.b` sorts
        /// before them.
        var key: String { isDescent ? name + "/" : name }
    }

    private struct Level {
        let folder: Folder
        /// The beginning of the paths of the folder's entries.
        let prefix: String
        let depth: Int
        /// The remaining steps; the last one is next.
        var steps: [Step]
    }

    private var levels: [Level] = []
    private let baseBytes: Int
    private let after: String?
    private let vanished: Vanished

    /// Makes a walk that visits nothing.
    init() {
        baseBytes = 0
        after = nil
        vanished = .isLeftOut
    }

    init(
        folder: Folder,
        prefix: String,
        base: ArtifactPath,
        after: String?,
        vanished: Vanished
    ) throws(ArtifactError) {
        baseBytes = base.description.utf8.count + 1
        self.after = after
        self.vanished = vanished
        let depth = base.components.count + prefix.utf8.count { $0 == UInt8(ascii: "/") }
        try enter(folder, prefix: prefix, depth: depth)
    }

    /// The next entry, or nil at the end; a folder comes before its entries.
    ///
    /// Blocks for a status call, and for the reading of a folder that is entered.
    /// - Throws: errors of the file system; the walk cannot be continued then.
    package mutating func next() throws(ArtifactError) -> Entry? {
        while !levels.isEmpty {
            let index = levels.count - 1
            guard let step = levels[index].steps.popLast() else {
                levels.removeLast()
                continue
            }
            let level = levels[index]
            let path = level.prefix + step.name
            if isPassed(path, step) { continue }
            if step.isDescent {
                try descend(level, step, path)
            } else if let entry = try entry(level, step, path) {
                return entry
            }
        }
        return nil
    }

    /// Whether the step, and everything beneath a folder, lies at or before the path after which the walk continues.
    private func isPassed(_ path: String, _ step: Step) -> Bool {
        guard let after else { return false }
        guard step.isDescent else { return !after.utf8.lexicographicallyPrecedes(path.utf8) }
        let prefix = path + "/"
        return prefix.utf8.lexicographicallyPrecedes(after.utf8) && !after.utf8.starts(with: prefix.utf8)
    }

    private mutating func descend(_ level: Level, _ step: Step, _ path: String) throws(ArtifactError) {
        do {
            let folder = try level.folder.folder(step.name)
            try enter(folder, prefix: path + "/", depth: level.depth + 1)
        } catch .notFound, .notDirectory, .invalidPath(.symbolicLink) {
            if vanished == .isAnError { throw .notFound }
        }
    }

    private func entry(_ level: Level, _ step: Step, _ path: String) throws(ArtifactError) -> Entry? {
        if let status = try level.folder.status(of: step.name), status.kind == (step.isFolder ? .folder : .file) {
            return Entry(path: path, name: step.name, folder: level.folder, status: status)
        }
        if vanished == .isAnError { throw .notFound }
        return nil
    }

    private mutating func enter(_ folder: Folder, prefix: String, depth: Int) throws(ArtifactError) {
        guard depth < ArtifactPath.maximumDepth else { return }
        let roomForName = ArtifactPath.maximumBytes - baseBytes - prefix.utf8.count
        var steps: [Step] = []
        for entry in try folder.entries() {
            guard let name = entry.text, ArtifactPath.isNameable(name), name.utf8.count <= roomForName else { continue }
            switch try folder.kind(of: entry) {
            case .file: steps.append(Step(name: name, isFolder: false, isDescent: false))
            case .folder:
                steps.append(Step(name: name, isFolder: true, isDescent: false))
                steps.append(Step(name: name, isFolder: true, isDescent: true))
            case .symbolicLink, .other, nil: continue
            }
        }
        steps.sort { $1.key.utf8.lexicographicallyPrecedes($0.key.utf8) }
        levels.append(Level(folder: folder, prefix: prefix, depth: depth, steps: steps))
    }
}

extension ArtifactRoot {
    /// Begins a walk through a folder and everything beneath it.
    ///
    /// - Parameters:
    ///   - path: the folder, relative to `base`.
    ///   - base: the folder to which the paths of the entries are relative, such as a run's folder.
    ///   - after: a path of an earlier walk after which this one continues; folders before it are not read.
    /// - Returns: An empty walk when the base does not exist, because nothing was written there yet.
    /// - Throws: `.notFound` and `.notDirectory` where there is no such folder beneath the base;
    ///   `.invalidPath(.symbolicLink)` where a link lies on the way; what the file system refuses.
    package func walk(
        _ path: ArtifactPath = .root,
        relativeTo base: ArtifactPath = .root,
        after: String? = nil,
        vanished: ArtifactWalk.Vanished = .isLeftOut
    ) throws(ArtifactError) -> ArtifactWalk {
        let folder: Folder
        do {
            folder = try self.folder(at: base.appending(path).components)
        } catch .notFound where path.components.isEmpty {
            return ArtifactWalk()
        }
        return try ArtifactWalk(
            folder: folder,
            prefix: path.components.isEmpty ? "" : path.description + "/",
            base: base,
            after: after,
            vanished: vanished
        )
    }
}

extension Folder {
    /// The kind of an entry, without a system call where the file system has already given it.
    fileprivate func kind(of entry: Entry) throws(ArtifactError) -> Kind? {
        switch Int32(entry.type) {
        case Int32(DT_REG): .file
        case Int32(DT_DIR): .folder
        case Int32(DT_UNKNOWN): try kind(of: entry.name)
        default: .other
        }
    }
}
