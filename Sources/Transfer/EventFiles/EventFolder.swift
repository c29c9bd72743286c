internal import Coding
internal import Files
internal import Glibc
internal import Hashing
internal import Tracking

/// A folder with event files, which is imported as one run.
///
/// A training run that was resumed has several files, whose names contain the times at which they were created.
struct EventFolder {
    let folder: StoreFolder
    /// The path relative to the root of the source; empty for the root itself.
    let relativePath: String
    /// The names of the folder's event files, in ascending order.
    let files: [String]

    /// Whether a file is an event file, by its name; TensorBoard uses the same rule.
    static func isEventFile(_ name: String) -> Bool { name.contains("tfevents") }

    /// The id and start time of the run, which stay the same while its files grow.
    struct Identity {
        let runID: String
        /// The time of the first event in Unix milliseconds.
        let start: Int64
    }

    /// Reads the identity from the first event; nil if no file has a whole event yet.
    ///
    /// The run's id is a hash of the path relative to the root, the name of the first file and the time of the first event. So
    /// the id stays the same if the root is copied, and a new training in the same folder gets a new id.
    func identity() -> Identity? {
        for file in files {
            // A file that cannot be read is reported later, when the points are read.
            guard let (descriptor, size) = try? openFile(file) else { continue }
            let reader = EventFileReader(descriptor, size: size)
            while let part = try? reader.next() {
                guard case .record(let bytes, _) = part, let event = try? TrainingEvent(bytes) else { continue }
                var hash = SHA256()
                let time = String(event.wallTime.bitPattern, radix: 16)
                hash.update(Array("TensorBoard\0\(relativePath)\0\(file)\0\(time)".utf8))
                return Identity(runID: Hexadecimal.text(hash.finalize().prefix(16)), start: event.milliseconds)
            }
        }
        return nil
    }

    private func openFile(_ file: String) throws(SourceFailure) -> (Descriptor, Int64) {
        let descriptor = try folder.open(file)
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SourceFailure("is not a file")
        }
        return (descriptor, Int64(status.st_size))
    }

    /// A file and its size when `survey` read it; `readPoints` reads no more bytes, although the file may have grown.
    struct SurveyedFile {
        let name: String
        let size: Int64
    }

    /// Reads all files and returns the facts about the run, without its points; reports damaged bytes.
    func survey(_ emit: (TransferItem) throws -> Void) throws -> (events: RunEvents, files: [SurveyedFile]) {
        var events = RunEvents()
        var read: [SurveyedFile] = []
        for name in files {
            try reportingFailures(of: name, emit) {
                let (descriptor, size) = try openFile(name)
                let damage = try Self.forEachEvent(descriptor, size: size) { try events.add($0) { _, _, _ in } }
                read.append(SurveyedFile(name: name, size: size))
                events.countTooLarge(damage.tooLargeCount)
                if let message = damage.message { try emit(.skipped("\(folder.path)/\(name)", message)) }
            }
        }
        return (events, read)
    }

    /// Reads all files again and emits their points.
    func readPoints(of files: [SurveyedFile], runID: String, _ emit: (TransferItem) throws -> Void) throws {
        var events = RunEvents()
        var points = PointBuffer(runID: runID)
        for file in files {
            try reportingFailures(of: file.name, emit) {
                let (descriptor, size) = try openFile(file.name)
                // `survey` has reported the damage.
                _ = try Self.forEachEvent(descriptor, size: min(size, file.size)) { event in
                    try events.add(event) { index, key, point in try points.add(point, key, index, emit) }
                }
            }
        }
        try points.emitPoints(emit)
    }

    private func reportingFailures(
        of file: String,
        _ emit: (TransferItem) throws -> Void,
        _ body: () throws -> Void
    ) throws {
        do {
            try body()
        } catch let failure as SourceFailure {
            try emit(.skipped("\(folder.path)/\(file)", failure.description))
        }
    }

    private static func forEachEvent(
        _ file: Descriptor,
        size: Int64,
        _ body: (TrainingEvent) throws -> Void
    ) throws -> DamagedParts {
        var damage = DamagedParts()
        let reader = EventFileReader(file, size: size)
        while let part = try reader.next() {
            switch part {
            case .record(let bytes, let range):
                do {
                    try body(TrainingEvent(bytes))
                } catch is BrokenMessage {
                    damage.add(range)
                }
            case .damage(let range): damage.add(range)
            case .tooLarge: damage.tooLargeCount += 1
            }
        }
        return damage
    }
}

/// The parts of an event file that could not be read.
private struct DamagedParts {
    /// The range of the first damaged bytes.
    private var first: Range<Int64>?
    private var count = 0
    /// The number of records that are too large to be read.
    var tooLargeCount = 0

    mutating func add(_ bytes: Range<Int64>) {
        first = first ?? bytes
        count += 1
    }

    /// The message about the damage; nil if the file is not damaged.
    var message: String? {
        first.map { bytes in
            let parts = count == 1 ? "damaged" : "\(count) parts are damaged, the first"
            let range = "from byte \(bytes.lowerBound) to byte \(bytes.upperBound)"
            return "\(parts) \(range); everything else in the file is imported"
        }
    }
}
