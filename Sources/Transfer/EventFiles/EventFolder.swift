internal import Coding
internal import Files
internal import Glibc
internal import Hashing
internal import Tracking

/// A folder with event files, which is a run.
///
/// Several files are one training that was resumed; their names begin with the time at which they were made.
struct EventFolder {
    let folder: StoreFolder
    /// The path beneath the root of the source; empty for the root itself.
    let relativePath: String
    /// The names of its event files, ascending.
    let files: [String]

    /// Whether a file is one with events, by its name; TensorBoard takes the same ones.
    static func isEventFile(_ name: String) -> Bool { name.contains("tfevents") }

    /// What tells the run from others, and stays the same while its files grow.
    struct Identity {
        let runID: String
        /// The time of the first event in Unix milliseconds.
        let start: Int64
    }

    /// Nil where no file has a whole event yet.
    ///
    /// The run is known by the path beneath the root, the name of its first file and the time of its first event. So it
    /// is the same one wherever the root is copied to, and a new one where a training begins anew in the same folder.
    func identity() -> Identity? {
        for file in files {
            // What cannot be read is reported when the points are.
            guard let (descriptor, size) = try? opened(file) else { continue }
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

    private func opened(_ file: String) throws(SourceFailure) -> (Descriptor, Int64) {
        let descriptor = try folder.open(file)
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SourceFailure("is no file")
        }
        return (descriptor, Int64(status.st_size))
    }

    /// How much of a file was read at first; the second reading ends there, although the file may grow.
    struct ReadFile {
        let name: String
        let size: Int64
    }

    /// Reads all files, and returns what they say about the run, without its points.
    ///
    /// Damage is reported by the path of its file.
    func survey(_ take: (TransferItem) throws -> Void) throws -> (events: RunEvents, files: [ReadFile]) {
        var events = RunEvents()
        var read: [ReadFile] = []
        for name in files {
            try reporting(name, take) {
                let (descriptor, size) = try opened(name)
                let damage = try Self.forEachEvent(descriptor, size: size) { try events.take($0) { _, _, _ in } }
                read.append(ReadFile(name: name, size: size))
                events.leaveOut(damage.large)
                if let text = damage.text { try take(.skipped("\(folder.path)/\(name)", text)) }
            }
        }
        return (events, read)
    }

    /// Reads all files again, and passes on their points.
    func readPoints(
        of files: [ReadFile],
        runID: String,
        _ take: (TransferItem) throws -> Void
    ) throws {
        var events = RunEvents()
        var points = PointBuffer(runID: runID)
        for file in files {
            try reporting(file.name, take) {
                let (descriptor, size) = try opened(file.name)
                // Damage is known from the first reading.
                _ = try Self.forEachEvent(descriptor, size: min(size, file.size)) { event in
                    try events.take(event) { index, key, point in try points.add(point, key, index, take) }
                }
            }
        }
        try points.send(take)
    }

    private func reporting(_ file: String, _ take: (TransferItem) throws -> Void, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let failure as SourceFailure {
            try take(.skipped("\(folder.path)/\(file)", failure.description))
        }
    }

    private static func forEachEvent(
        _ file: Descriptor,
        size: Int64,
        _ body: (TrainingEvent) throws -> Void
    ) throws -> DamagedPlaces {
        var damage = DamagedPlaces()
        let reader = EventFileReader(file, size: size)
        while let part = try reader.next() {
            switch part {
            case .record(let bytes, let place):
                do {
                    try body(TrainingEvent(bytes))
                } catch is BrokenMessage {
                    damage.add(place)
                }
            case .damage(let place): damage.add(place)
            case .large: damage.large += 1
            }
        }
        return damage
    }
}

/// What is not read of an event file.
private struct DamagedPlaces {
    /// The first damaged place.
    private var first: Range<Int64>?
    private var count = 0
    /// Whole records that are larger than any with scalars.
    var large = 0

    mutating func add(_ place: Range<Int64>) {
        first = first ?? place
        count += 1
    }

    /// The damaged places for a person; nil where there are none.
    var text: String? {
        first.map { place in
            let places = count == 1 ? "damaged" : "\(count) places are damaged, the first"
            return "\(places) from byte \(place.lowerBound) to byte \(place.upperBound); everything else in it comes"
        }
    }
}
