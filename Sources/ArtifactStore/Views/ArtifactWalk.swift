package import Files
internal import Glibc

/// Visits all files and folders beneath a folder, ordered by the bytes of their whole paths.
///
/// For each folder from the first one down to the current entry, the walk keeps a descriptor and the names in the folder.
/// The walk leaves out the entries that `ArtifactRoot.list` leaves out, and entries that are deeper than a path can name.
/// Entries that are created or removed meanwhile may or may not be visited.
package struct ArtifactWalk: Sendable {
    /// What the walk does about an entry that was deleted or replaced after its folder was read and before it is visited.
    package enum VanishedPolicy: Sendable {
        case skip
        /// The walk throws `.notFound`, for results that must be complete.
        case fail
    }

    /// A file or a folder.
    package struct Entry: Sendable {
        /// The path relative to the base of the walk.
        package let path: String
        package let isDirectory: Bool
        private let facts: ArtifactFacts
        private let name: String
        private let folder: any WalkedFolder

        /// The size in bytes; 0 for folders.
        package var size: Int64 { facts.size }
        /// The modification time of a file's content, or of a folder's list of names.
        package var modification: FileTime { facts.modification }
        var version: ContentVersion? { facts.version }

        fileprivate init(
            path: String,
            isDirectory: Bool,
            name: String,
            folder: any WalkedFolder,
            _ facts: ArtifactFacts
        ) {
            self.path = path
            self.isDirectory = isDirectory
            self.facts = facts
            self.name = name
            self.folder = folder
        }

        /// Opens the file as it is now; it may have changed since it was visited.
        ///
        /// - Throws: `.notFound` if the file does not exist any more; other errors of the file system.
        package func open() throws(ArtifactError) -> OpenArtifact { try folder.open(name) }
    }

    /// A step of the walk, which returns an entry or enters a folder.
    private struct Step {
        let name: String
        let isFolder: Bool
        /// Whether the step enters the folder and returns no entry.
        let isDescent: Bool
        /// The facts that the listing contained; nil if they must be requested from the folder.
        var facts: ArtifactFacts?

        /// The text by which steps are sorted into the order of whole paths, in which `a.b` comes between `a` and `a/c`.
        var key: String { isDescent ? name + "/" : name }
    }

    private struct Level {
        let folder: any WalkedFolder
        /// The beginning of the paths of the folder's entries.
        let prefix: String
        let depth: Int
        /// The remaining steps, in reverse order.
        var steps: [Step]
    }

    private var levels: [Level] = []
    /// The length of the base's path and the slash after it.
    private let baseBytes: Int
    private let after: String?
    private let ifVanished: VanishedPolicy

    /// Makes a walk that visits nothing.
    package init() {
        baseBytes = 0
        after = nil
        ifVanished = .skip
    }

    /// - Parameters:
    ///   - folder: the folder in which the walk begins.
    ///   - prefix: the beginning of all paths: the path of the folder and a slash; empty for the base itself.
    package init(
        folder: any WalkedFolder,
        prefix: String,
        base: ArtifactPath,
        after: String?,
        ifVanished: VanishedPolicy
    ) throws(ArtifactError) {
        baseBytes = base.description.utf8.count + 1
        self.after = after
        self.ifVanished = ifVanished
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
            if isSkipped(path, step) { continue }
            if step.isDescent {
                try descend(level, step, path)
            } else if let entry = try entry(level, step, path) {
                return entry
            }
        }
        return nil
    }

    /// Whether the step, with everything beneath a folder that it enters, comes before the point at which the walk continues.
    private func isSkipped(_ path: String, _ step: Step) -> Bool {
        guard let after else { return false }
        guard step.isDescent else { return !after.utf8.lexicographicallyPrecedes(path.utf8) }
        let prefix = path + "/"
        return prefix.utf8.lexicographicallyPrecedes(after.utf8) && !after.utf8.starts(with: prefix.utf8)
    }

    private mutating func descend(_ level: Level, _ step: Step, _ path: String) throws(ArtifactError) {
        do {
            let folder = try level.folder.subfolder(step.name)
            try enter(folder, prefix: path + "/", depth: level.depth + 1)
        } catch .notFound, .notDirectory, .invalidPath(.symbolicLink) {
            if ifVanished == .fail { throw .notFound }
        }
    }

    private func entry(_ level: Level, _ step: Step, _ path: String) throws(ArtifactError) -> Entry? {
        var facts = step.facts
        if facts == nil { facts = try level.folder.facts(of: step.name, isFolder: step.isFolder) }
        if let facts {
            return Entry(path: path, isDirectory: step.isFolder, name: step.name, folder: level.folder, facts)
        }
        if ifVanished == .fail { throw .notFound }
        return nil
    }

    private mutating func enter(_ folder: any WalkedFolder, prefix: String, depth: Int) throws(ArtifactError) {
        guard depth < ArtifactPath.maximumDepth else { return }
        let roomForName = ArtifactPath.maximumBytes - baseBytes - prefix.utf8.count
        var steps: [Step] = []
        for member in try folder.members() {
            let name = member.name
            guard ArtifactPath.isNameable(name), name.utf8.count <= roomForName else { continue }
            steps.append(Step(name: name, isFolder: member.isFolder, isDescent: false, facts: member.facts))
            if member.isFolder { steps.append(Step(name: name, isFolder: true, isDescent: true)) }
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
    ///   - ifVanished: what the walk does about an entry that was deleted or replaced after its folder was read.
    /// - Returns: an empty walk if the path is empty and the base does not exist, because nothing was written there yet.
    /// - Throws: `.notFound` and `.notDirectory` if the base has no such folder; `.invalidPath(.symbolicLink)` if a
    ///   component is a link; other errors of the file system.
    package func walk(
        _ path: ArtifactPath = .root,
        relativeTo base: ArtifactPath = .root,
        after: String? = nil,
        ifVanished: ArtifactWalk.VanishedPolicy = .skip
    ) throws(ArtifactError) -> ArtifactWalk {
        let folder: Folder
        do {
            folder = try self.folder(at: base.appending(path).components)
        } catch .notFound where path.components.isEmpty {
            return ArtifactWalk()
        }
        return try ArtifactWalk(folder: folder, prefix: path.prefix, base: base, after: after, ifVanished: ifVanished)
    }
}

/// A folder that a walk can visit.
package protocol WalkedFolder: Sendable {
    /// Returns the files and folders in the folder, in any order.
    func members() throws(ArtifactError) -> [WalkedMember]

    /// Returns the facts about a member whose `WalkedMember.facts` is nil; nil if the member has vanished, or is now a
    /// file instead of a folder or the reverse.
    func facts(of name: String, isFolder: Bool) throws(ArtifactError) -> ArtifactFacts?

    /// Returns a folder in this folder; throws `.notFound` or `.notDirectory` if it has vanished.
    func subfolder(_ name: String) throws(ArtifactError) -> any WalkedFolder

    /// Opens a file in this folder.
    func open(_ name: String) throws(ArtifactError) -> OpenArtifact
}

/// A file or a folder in a walked folder.
package struct WalkedMember: Sendable {
    package let name: String
    package let isFolder: Bool
    /// The facts about the member; nil if `WalkedFolder.facts` must be called for them.
    package let facts: ArtifactFacts?

    package init(name: String, isFolder: Bool, facts: ArtifactFacts?) {
        self.name = name
        self.isFolder = isFolder
        self.facts = facts
    }
}

extension Folder: WalkedFolder {
    func members() throws(ArtifactError) -> [WalkedMember] {
        var members: [WalkedMember] = []
        for entry in try entries() {
            guard let name = entry.text else { continue }
            switch try kind(of: entry) {
            case .file: members.append(WalkedMember(name: name, isFolder: false, facts: nil))
            case .folder: members.append(WalkedMember(name: name, isFolder: true, facts: nil))
            case .symbolicLink, .other, nil: continue
            }
        }
        return members
    }

    func facts(of name: String, isFolder: Bool) throws(ArtifactError) -> ArtifactFacts? {
        guard let status = try status(of: name), status.kind == (isFolder ? .folder : .file) else { return nil }
        return isFolder ? ArtifactFacts(folder: FileStatus(status)) : ArtifactFacts(FileStatus(status))
    }

    func subfolder(_ name: String) throws(ArtifactError) -> any WalkedFolder { try folder(name) }

    func open(_ name: String) throws(ArtifactError) -> OpenArtifact {
        let descriptor: Descriptor
        do {
            descriptor = try open(name, flags: O_RDONLY)
        } catch .invalidPath(.symbolicLink), .other(errno: ENXIO, call: _) {
            throw .notFound
        }
        let status = try descriptor.status()
        guard status.kind == .file else { throw .notFound }
        return OpenArtifact(descriptor, status: FileStatus(status))
    }

    /// The kind of an entry; needs no system call if the file system reports types with names.
    fileprivate func kind(of entry: Entry) throws(ArtifactError) -> Kind? {
        switch Int32(entry.type) {
        case Int32(DT_REG): .file
        case Int32(DT_DIR): .folder
        case Int32(DT_UNKNOWN): try kind(of: entry.name)
        default: .other
        }
    }
}
