internal import Files
internal import Glibc
internal import Synchronization

/// A file that arrives in parts, in any order and over many connections.
///
/// A folder of its own holds what has come. Parts of one length, as the MLflow client sends them, are written at once
/// to their places in the file that will be the artifact. What has no place yet is kept apart until the end: the last
/// part when it comes first, a part that is sent again, parts of other lengths.
final class MultipartUpload: Sendable {
    /// The file of the parts in place.
    static let dataName = "data"
    /// The journal of parts that have arrived.
    static let journalName = "parts"

    struct State {
        enum Phase { case open, completing, ended }

        var phase = Phase.open
        /// The length of every part but the last, once one of them has told it.
        var partLength: Int64?
        var parts: [Int: StoredPart] = [:]
        /// Numbers of parts that are being written in place.
        var placesInUse: Set<Int> = []
        var sending = 0
    }

    let id: String
    let record: MultipartRecord
    let folder: Folder
    let state: Mutex<State>

    /// - Parameter parts: what had arrived before the server was started again.
    init(id: String, record: MultipartRecord, folder: Folder, parts: [Int: StoredPart] = [:]) {
        self.id = id
        self.record = record
        self.folder = folder
        var state = State()
        state.parts = parts.filter { $0.key >= 1 && $0.key <= record.partCount }
        state.partLength = state.parts.first { $0.value.isInPlace && $0.key < record.partCount }?.value.length
        self.state = Mutex(state)
    }

    /// Whether the time is over and nobody is sending or completing.
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
            if let reservation { try file.reserve(reservation) }
            let bounds = MultipartPart.Bounds(offset: place ?? 0, announced: length, maximum: length ?? maximum)
            return MultipartPart(upload: self, number: number, tag: tag, isInPlace: place != nil, file: file, bounds)
        } catch {
            endPart(number, isInPlace: place != nil)
            // The folder went with an abort.
            if case ArtifactError.notFound = error { throw MultipartError.unknownUpload }
            throw error
        }
    }

    /// Where in the file of all parts a part belongs, nil when that is not known or taken; and how much space the
    /// whole file needs, when this part is the first to tell.
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

    /// The bytes of a part are durable: from now on it counts, and replaces an earlier sending.
    func accept(_ part: StoredPart, number: Int) throws {
        try state.withLock { state in
            guard state.phase == .open else { throw MultipartError.unknownUpload }
        }
        try appendToJournal(part.line(number: number))
        let replaced = try state.withLock { state in
            guard state.phase == .open else { throw MultipartError.unknownUpload }
            return state.parts.updateValue(part, forKey: number)
        }
        // When the removal fails, the file goes with the folder.
        if let replaced, !replaced.isInPlace { _ = removePart(number, tag: replaced.tag) }
    }

    /// A part has ended, whole or not.
    func endPart(_ number: Int, isInPlace: Bool) {
        state.withLock { state in
            state.sending -= 1
            if isInPlace { state.placesInUse.remove(number) }
        }
    }

    func removePart(_ number: Int, tag: String) -> Int32 {
        folder.unlink(StoredPart.fileName(number: number, tag: tag))
    }

    /// Takes no more parts; returns whether it still did, which it does not while it is being completed either.
    func end() -> Bool {
        state.withLock { state in
            guard state.phase == .open else { return false }
            state.phase = .ended
            return true
        }
    }

    private func appendToJournal(_ line: String) throws(ArtifactError) {
        let journal = try folder.open(Self.journalName, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        // One short write: lines of parts that arrive together do not mix.
        let bytes = Array(line.utf8)
        let (count, code) = retryingInterrupts { Int32(write(journal.rawValue, bytes, bytes.count)) }
        guard count == bytes.count else { throw ArtifactError(errno: code == 0 ? EIO : code, call: "write") }
    }

    private static func newTag() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }
}
