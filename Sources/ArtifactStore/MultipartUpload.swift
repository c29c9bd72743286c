internal import Files
internal import Glibc
internal import Synchronization

/// A file that arrives in parts, in any order and over many connections.
///
/// The upload has a folder of its own. Parts of equal length, as the MLflow client sends them, are written at once to
/// their offsets in the file that will become the artifact. Other parts are kept in files of their own until the end:
/// the last part when it arrives first, a part that is sent again, and parts of other lengths.
final class MultipartUpload: Sendable {
    /// The name of the file that holds the parts in place.
    static let dataName = "data"
    /// The journal of parts that have arrived.
    static let journalName = "parts"

    struct State {
        enum Phase { case open, completing, ended }

        var phase = Phase.open
        /// The length of every part but the last, once a part has shown it.
        var partLength: Int64?
        /// Whether the space of the shared file is allocated.
        var isReserved = false
        var parts: [Int: StoredPart] = [:]
        /// The numbers of the parts that are being written in place.
        var placesInUse: Set<Int> = []
        var sending = 0
    }

    let id: String
    let record: MultipartRecord
    let folder: Folder
    /// What the bytes of all parts count for; nil where nothing is counted.
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

    /// Begins to take a part.
    ///
    /// - Parameter length: in bytes, as the request announces it; nil when it does not.
    func beginPart(_ number: Int, length: Int64?, atMost maximum: Int64) throws -> MultipartPart {
        guard number >= 1, number <= record.partCount else { throw MultipartError.unknownPart(number) }
        guard length ?? 0 <= maximum else { throw MultipartError.partTooLarge }
        let (place, reservation) = try state.withLock { state in
            guard state.phase == .open else { throw MultipartError.unknownUpload }
            state.sending += 1
            return placeOfPart(number, length, &state)
        }
        let tag = Self.newTag()
        do {
            let name = place == nil ? StoredPart.fileName(number: number, tag: tag) : Self.dataName
            let file = try folder.open(name, flags: O_RDWR | O_CREAT, mode: 0o666)
            if let reservation {
                try freeSpace?.take(reservation)
                if try file.reserve(reservation) {
                    state.withLock { $0.isReserved = true }
                }
            } else {
                try freeSpace?.requireRoom(for: state.withLock { $0.isReserved } && place != nil ? 0 : length ?? 0)
            }
            let bounds = MultipartPart.Bounds(offset: place ?? 0, announced: length, maximum: length ?? maximum)
            return MultipartPart(upload: self, number: number, tag: tag, isInPlace: place != nil, file: file, bounds)
        } catch {
            endPart(number, isInPlace: place != nil)
            // An abort has removed the folder.
            if case ArtifactError.notFound = error { throw MultipartError.unknownUpload }
            throw error
        }
    }

    /// The offset of a part in the shared file, nil when the offset is unknown or in use; and the space that the whole
    /// file needs, when this part is the first to show it.
    private func placeOfPart(_ number: Int, _ length: Int64?, _ state: inout State) -> (Int64?, Int64?) {
        guard let length, length > 0, state.parts[number] == nil, !state.placesInUse.contains(number) else {
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
        state.placesInUse.insert(number)
        return (Int64(number - 1) * partLength, reservation)
    }

    /// Counts a part whose bytes are durable; it replaces an earlier upload of the same part.
    func accept(_ part: StoredPart, number: Int) throws {
        try state.withLock { state in
            guard state.phase == .open else { throw MultipartError.unknownUpload }
        }
        try appendToJournal(part.line(number: number))
        let replaced = try state.withLock { state in
            guard state.phase == .open else { throw MultipartError.unknownUpload }
            return state.parts.updateValue(part, forKey: number)
        }
        // When the removal fails, the file is removed with the folder.
        if let replaced {
            claim?.shrink(by: replaced.length)
            if !replaced.isInPlace { _ = removePart(number, tag: replaced.tag) }
        }
    }

    /// Counts bytes of a part that are about to be written.
    ///
    /// - Parameter isInPlace: whether they go to the shared file, whose space may be allocated already.
    func take(_ bytes: Int64, isInPlace: Bool) throws(ArtifactError) {
        if isInPlace, state.withLock({ $0.isReserved }) { return }
        try freeSpace?.take(bytes)
    }

    /// Called when a part has ended, whether complete or not.
    func endPart(_ number: Int, isInPlace: Bool) {
        state.withLock { state in
            state.sending -= 1
            if isInPlace { state.placesInUse.remove(number) }
        }
    }

    func removePart(_ number: Int, tag: String) -> Int32 {
        folder.unlink(StoredPart.fileName(number: number, tag: tag))
    }

    /// Stops accepting parts.
    ///
    /// Returns false when the upload had ended already or is being completed.
    func end() -> Bool {
        state.withLock { state in
            guard state.phase == .open else { return false }
            state.phase = .ended
            return true
        }
    }

    private func appendToJournal(_ line: String) throws(ArtifactError) {
        let journal = try folder.open(Self.journalName, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        // A single short write keeps the lines of parts that arrive together from mixing.
        let bytes = Array(line.utf8)
        let (count, code) = retryingInterrupts { Int32(write(journal.rawValue, bytes, bytes.count)) }
        guard count == bytes.count else { throw ArtifactError(errno: code == 0 ? EIO : code, call: "write") }
    }

    private static func newTag() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }
}
