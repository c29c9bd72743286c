package import Files
internal import Glibc

/// Goes through all that lies beneath a folder, in the order of the bytes of the whole paths.
///
/// Holds the names of each folder on the way down to the current entry, and a descriptor for each. Left out is what
/// `ArtifactRoot.list` leaves out, and what lies deeper than a path can name. What comes or goes meanwhile may be seen
/// or not.
package struct ArtifactWalk: Sendable {
    /// What becomes of an entry that is deleted or replaced between its folder's reading and its own turn.
    package enum Vanished: Sendable {
        case isLeftOut
        /// The walk throws `.notFound`: for what promises to be whole.
        case isAnError
    }

    /// A file or a folder.
    package struct Entry: Sendable {
        /// Relative to the base of the walk.
        package let path: String
        package let isDirectory: Bool
        /// In bytes; 0 for folders.
        package let size: Int64
        package let status: FileStatus
        /// Of the content of a file, of the list of names of a folder.
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

        /// Opens a file as it is now, which need not be as it was walked over.
        ///
        /// - Throws: `.notFound` where there is no file any more; what the file system refuses.
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

    /// One thing to do in a folder: to show a name, or to go into a folder.
    private struct Step {
        let name: String
        let isFolder: Bool
        let isDescent: Bool

        /// Where the step stands among the whole paths: what is beneath `a` begins with `a/`, and `a.b` comes before.
        var key: String { isDescent ? name + "/" : name }
    }

    private struct Level {
        let folder: Folder
        /// What the paths of its entries begin with.
        let prefix: String
        let depth: Int
        /// The next one last.
        var steps: [Step]
    }

    private var levels: [Level] = []
    private let baseBytes: Int
    private let after: String?
    private let vanished: Vanished

    /// Through nothing.
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

    /// The next entry, or nil at the end; a folder comes before what is in it.
    ///
    /// Blocks for a status call, and for the reading of a folder that is entered.
    /// - Throws: What the file system refuses; the walk cannot go on then.
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

    /// Whether the step, and for a folder all beneath it, comes no later than where the walk is to go on.
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
    /// Begins a walk through a folder and all beneath it.
    ///
    /// - Parameters:
    ///   - path: the folder, relative to `base`.
    ///   - base: where the paths of the entries start, say a run's folder.
    ///   - after: a path of an earlier walk, behind which this one goes on; folders before it are not read.
    /// - Returns: A walk through nothing for a base that does not exist: nothing was written there yet.
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
    /// What an entry stands for, without a call where the file system has said so already.
    fileprivate func kind(of entry: Entry) throws(ArtifactError) -> Kind? {
        switch Int32(entry.type) {
        case Int32(DT_REG): .file
        case Int32(DT_DIR): .folder
        case Int32(DT_UNKNOWN): try kind(of: entry.name)
        default: .other
        }
    }
}
