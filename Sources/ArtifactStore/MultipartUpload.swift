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
        /// The length of every part but the last; nil until one of these parts has begun.
        var partLength: Int64?
        /// Whether the space of the shared file is allocated.
        var isReserved = false
        var parts: [Int: StoredPart] = [:]
        /// The numbers of the parts that are being written to the shared file.
        var partsInPlace: Set<Int> = []
        var sending = 0
    }

    let id: String
    let record: MultipartRecord
    let folder: Folder
    /// Counts the bytes of all parts for a quota; nil if they are not counted.
    let claim: (any StorageClaim)?
    let freeSpace: FreeSpace?
    let state: Mutex<State>

    /// - Parameter parts: the parts that had arrived before the server was restarted.
    init(
        id: String,
        record: MultipartRecord,
        folder: Folder,
        parts: [Int: StoredPart] = [:],
        freeSpace: FreeSpace? = nil,
        claim: (any StorageClaim)? = nil
    ) {
        self.freeSpace = freeSpace
        self.claim = claim
        self.id = id
        self.record = record
        self.folder = folder
        var state = State()
        state.parts = parts.filter { $0.key >= 1 && $0.key <= record.partCount }
        state.partLength = state.parts.first { $0.value.isInPlace && $0.key < record.partCount }?.value.length
        self.state = Mutex(state)
    }

    /// Whether the upload has expired and no connection is sending or completing it.
    func isAbandoned(at now: Int64) -> Bool {
        record.expires <= now && state.withLock { $0.sending == 0 && $0.phase == .open }
    }

    /// Begins to receive a part.
    ///
    /// - Parameter length: the number of bytes that the request announces; nil if it announces none.
    func beginPart(_ number: Int, length: Int64?, atMost maximum: Int64) throws -> MultipartPart {
        guard number >= 1, number <= record.partCount else { throw MultipartError.unknownPart(number) }
        guard length ?? 0 <= maximum else { throw MultipartError.partTooLarge }
        let (offset, reservation) = try state.withLock { state in
            guard state.phase == .open else { throw MultipartError.unknownUpload }
            state.sending += 1
            return offsetOfPart(number, length, &state)
        }
        let tag = Self.newTag()
        do {
            let name = offset == nil ? StoredPart.fileName(number: number, tag: tag) : Self.dataName
            let file = try folder.open(name, flags: O_RDWR | O_CREAT, mode: 0o666)
            if let reservation {
                try freeSpace?.count(reservation)
                if try file.reserve(reservation) {
                    state.withLock { $0.isReserved = true }
                }
            } else {
                try freeSpace?.requireRoom(for: state.withLock { $0.isReserved } && offset != nil ? 0 : length ?? 0)
            }
            let bounds = MultipartPart.Bounds(offset: offset ?? 0, announced: length, maximum: length ?? maximum)
            return MultipartPart(upload: self, number: number, tag: tag, isInPlace: offset != nil, file: file, bounds)
        } catch {
            endPart(number, isInPlace: offset != nil)
            // The upload was aborted, which has removed the folder.
            if case ArtifactError.notFound = error { throw MultipartError.unknownUpload }
            throw error
        }
    }

    /// Returns the offset of a part in the shared file, nil if the part needs its own file; and the space to allocate
    /// for the whole file, nil unless this part is the first one from which that space follows.
    private func offsetOfPart(_ number: Int, _ length: Int64?, _ state: inout State) -> (Int64?, Int64?) {
        guard let length, length > 0, state.parts[number] == nil, !state.partsInPlace.contains(number) else {
            return (nil, nil)
        }
        let isLast = number == record.partCount
        var reservation: Int64?
        if state.partLength == nil, !isLast || number == 1 {
            state.partLength = length
            reservation = Int64(record.partCount - 1) * length + (isLast ? length : 1)
        }
        guard let partLength = state.partLength, isLast ? length <= partLength : length == partLength else {
            return (nil, nil)
        }
        state.partsInPlace.insert(number)
        return (Int64(number - 1) * partLength, reservation)
    }

    /// Adds a part whose bytes are durable; it replaces an earlier part of the same number.
    func accept(_ part: StoredPart, number: Int) throws {
        try state.withLock { state in
            guard state.phase == .open else { throw MultipartError.unknownUpload }
        }
        try appendToJournal(part.line(number: number))
        let replaced = try state.withLock { state in
            guard state.phase == .open else { throw MultipartError.unknownUpload }
            return state.parts.updateValue(part, forKey: number)
        }
        // If the removal fails, the file is removed with the folder.
        if let replaced {
            claim?.shrink(by: replaced.length)
            if !replaced.isInPlace { _ = removePart(number, tag: replaced.tag) }
        }
    }

    /// Counts bytes of a part that are about to be written.
    ///
    /// - Parameter isInPlace: whether they are for the shared file, whose space may be allocated already.
    func countBytes(_ bytes: Int64, isInPlace: Bool) throws(ArtifactError) {
        if isInPlace, state.withLock({ $0.isReserved }) { return }
        try freeSpace?.count(bytes)
    }

    /// Must be called when a part has ended, whether it is complete or not.
    func endPart(_ number: Int, isInPlace: Bool) {
        state.withLock { state in
            state.sending -= 1
            if isInPlace { state.partsInPlace.remove(number) }
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

    private func appendToJournal(_ line: String) throws(ArtifactError) {
        let journal = try folder.open(Self.journalName, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        // The line is written by one call, so that lines of parts that arrive at the same time do not mix.
        let bytes = Array(line.utf8)
        let (count, code) = retryingInterrupts { Int32(write(journal.rawValue, bytes, bytes.count)) }
        guard count == bytes.count else { throw ArtifactError(errno: code == 0 ? EIO : code, call: "write") }
    }

    private static func newTag() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }
}
