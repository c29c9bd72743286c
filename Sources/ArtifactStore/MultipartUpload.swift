internal import Files
internal import Glibc
internal import Synchronization

/// A file that arrives in parts, in any order and over many connections.
///
/// The upload has its own folder. Parts of equal length, as the MLflow client sends them, are written to their offsets
/// in the shared file, which will become the artifact. Other parts have their own files until the upload is completed:
/// the last part if it arrives first, a part that is sent again, and parts of other lengths.
final class MultipartUpload: Sendable {
    /// The name of the shared file.
    static let dataName = "data"
    /// The journal of parts that have arrived.
    static let journalName = "parts"

    struct State {
        enum Phase { case open, completing, ended }

        var phase = Phase.open
        /// The length of every part but the last; nil until this process has decided it or read it from the disk.
        var partLength: Int64?
        /// Whether the space of the shared file is allocated.
        var isSpaceAllocated = false
        /// The parts that have arrived, as far as this process knows.
        var parts: [Int: StoredPart] = [:]
        /// The tags of parts that this process received, so that its quotas count their bytes already; a tag is removed
        /// when its line in the journal is read.
        var ownTags: Set<String> = []
        /// The number of bytes of the journal that this process has read.
        var journalBytes: Int64 = 0
        /// The numbers of the parts that are being written to the shared file.
        var partsOfSharedFile: Set<Int> = []
        /// The number of parts that this process is receiving.
        var receiving = 0
    }

    let id: String
    let record: MultipartRecord
    let folder: Folder
    /// Adds the bytes of all parts to the use of a quota; nil if no quota counts them.
    let claim: (any StorageClaim)?
    let freeSpace: FreeSpace?
    let state = Mutex(State())

    init(
        id: String,
        record: MultipartRecord,
        folder: Folder,
        freeSpace: FreeSpace? = nil,
        claim: (any StorageClaim)? = nil
    ) {
        self.freeSpace = freeSpace
        self.claim = claim
        self.id = id
        self.record = record
        self.folder = folder
    }

    /// Whether the upload has expired and no connection is sending or completing it.
    func isExpiredAndUnused(at now: Int64) throws -> Bool {
        guard record.expires <= now, state.withLock({ $0.receiving == 0 && $0.phase == .open }) else { return false }
        return try isUnusedElsewhere()
    }

    /// Begins to receive a part.
    ///
    /// - Parameter length: the number of bytes that the request announces; nil if it announces none.
    func beginPart(_ number: Int, length: Int64?, atMost maximum: Int64) throws -> MultipartPart {
        guard number >= 1, number <= record.partCount else { throw MultipartError.unknownPart(number) }
        guard length ?? 0 <= maximum else { throw MultipartError.partTooLarge }
        try state.withLock { state in
            guard state.phase == .open else { throw MultipartError.unknownUpload }
            state.receiving += 1
        }
        let tag = Self.newTag()
        var range: LockedRange?
        do {
            range = try lockRange(ofPart: number, length)
            let file: Descriptor
            if let range {
                file = range.file
            } else {
                let name = StoredPart.fileName(number: number, tag: tag)
                file = try folder.open(name, flags: O_RDWR | O_CREAT, mode: 0o666)
            }
            if let bytesToAllocate = range?.bytesToAllocate {
                try freeSpace?.count(bytesToAllocate)
                if try file.allocateSpace(bytesToAllocate) { state.withLock { $0.isSpaceAllocated = true } }
            } else {
                let isAllocated = state.withLock { $0.isSpaceAllocated } && range != nil
                try freeSpace?.requireRoom(for: isAllocated ? 0 : length ?? 0)
            }
            let bounds = MultipartPart.Bounds(offset: range?.offset, announced: length, maximum: length ?? maximum)
            return MultipartPart(upload: self, number: number, tag: tag, file: file, bounds)
        } catch {
            endPart(number, isInSharedFile: range != nil)
            // The upload was aborted, which has removed the folder.
            if case ArtifactError.notFound = error { throw MultipartError.unknownUpload }
            throw error
        }
    }

    /// A range of the shared file to which only one connection of all servers writes.
    private struct LockedRange {
        let offset: Int64
        /// The shared file, in which the range of the part is locked.
        let file: Descriptor
        /// The number of bytes to allocate for the whole file; nil unless this part has decided the common length.
        let bytesToAllocate: Int64?
    }

    /// Locks the range of a part in the shared file; returns nil if the part needs its own file.
    private func lockRange(ofPart number: Int, _ length: Int64?) throws(ArtifactError) -> LockedRange? {
        guard let length, length > 0, state.withLock({ $0.parts[number] == nil }) else { return nil }
        let isLast = number == record.partCount
        guard let (common, isNew) = try commonLength(proposing: !isLast || number == 1 ? length : nil),
            isLast ? length <= common : length == common,
            state.withLock({ $0.partsOfSharedFile.insert(number).inserted })
        else { return nil }
        var isFree = false
        defer { if !isFree { state.withLock { _ = $0.partsOfSharedFile.remove(number) } } }
        let offset = Int64(number - 1) * common
        let file: Descriptor
        do {
            file = try folder.open(Self.dataName, flags: O_RDWR)
        } catch .notFound {
            return nil
        }
        guard file.lock(at: offset, length: length) else { return nil }
        // The part may have arrived, here or at another server, before the range was locked, which only the journal shows.
        try readJournal()
        isFree = state.withLock { $0.parts[number] == nil }
        let bytesToAllocate = Int64(record.partCount - 1) * common + (isLast ? common : 1)
        return isFree ? LockedRange(offset: offset, file: file, bytesToAllocate: isNew ? bytesToAllocate : nil) : nil
    }

    /// Adds a part whose bytes are durable; it replaces an earlier part of the same number.
    func accept(_ part: StoredPart, number: Int) throws {
        try state.withLock { state in
            guard state.phase == .open else { throw MultipartError.unknownUpload }
            state.ownTags.insert(part.tag)
        }
        do {
            try appendToJournal(part.line(number: number))
            try readJournal()
        } catch ArtifactError.notFound {
            throw MultipartError.unknownUpload
        }
        guard try isOpenOnDisk() else { throw MultipartError.unknownUpload }
    }

    /// Counts bytes of a part that are about to be written.
    ///
    /// - Parameter isInSharedFile: whether the bytes are for the shared file, whose space is counted already if it was
    ///   allocated ahead.
    func countBytes(_ bytes: Int64, isInSharedFile: Bool) throws(ArtifactError) {
        if isInSharedFile, state.withLock({ $0.isSpaceAllocated }) { return }
        try freeSpace?.count(bytes)
    }

    /// Must be called after the end of a part, whether the part is complete or not.
    func endPart(_ number: Int, isInSharedFile: Bool) {
        state.withLock { state in
            state.receiving -= 1
            if isInSharedFile { state.partsOfSharedFile.remove(number) }
        }
    }

    func removePart(_ number: Int, tag: String) -> Int32 {
        folder.unlink(StoredPart.fileName(number: number, tag: tag))
    }

    /// Stops accepting parts; returns false if the upload has ended already or is being completed.
    func end() -> Bool {
        state.withLock { state in
            guard state.phase == .open else { return false }
            state.phase = .ended
            return true
        }
    }

    private static func newTag() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }
}
