import Coding
import Glibc
import TestSupport
import Testing
import Tracking
import Transfer

/// A message in protobuf's binary form that a test writes, field by field.
struct WireMessage {
    private(set) var bytes: [UInt8] = []

    mutating func number(_ field: UInt64, _ value: UInt64) {
        varint(field << 3)
        varint(value)
    }

    mutating func double(_ field: UInt64, _ value: Double) {
        varint(field << 3 | 1)
        bytes += littleEndian(value.bitPattern)
    }

    mutating func float(_ field: UInt64, _ value: Float) {
        varint(field << 3 | 5)
        bytes += littleEndian(value.bitPattern)
    }

    mutating func text(_ field: UInt64, _ value: String) { message(field, Array(value.utf8)) }

    mutating func message(_ field: UInt64, _ value: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(value.count))
        bytes += value
    }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Adds fields that are written already.
    mutating func append(_ fields: [UInt8]) { bytes += fields }

    static func with(_ fill: (inout WireMessage) -> Void) -> [UInt8] {
        var message = WireMessage()
        fill(&message)
        return message.bytes
    }
}

func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// Events as their writers write them, each as a record of an event file.
enum EventRecord {
    static func framed(_ content: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(content.count))
        return length + littleEndian(checksum(length)) + content + littleEndian(checksum(content))
    }

    /// The length of a record and its checksum, without a record.
    static func head(length number: UInt64) -> [UInt8] {
        let length = littleEndian(number)
        return length + littleEndian(checksum(length))
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var checksum = CRC32C()
        bytes.withUnsafeBytes { checksum.update($0) }
        return checksum.masked
    }

    static func version(at time: Double) -> [UInt8] {
        framed(
            WireMessage.with { event in
                event.double(1, time)
                event.text(3, "brain.Event:2")
            }
        )
    }

    /// An event with one value, whose fields beside the tag `fill` adds.
    static func value(
        _ tag: String,
        at time: Double,
        step: Int64 = 0,
        _ fill: (inout WireMessage) -> Void
    ) -> [UInt8] {
        let value = WireMessage.with { value in
            value.text(1, tag)
            fill(&value)
        }
        return framed(
            WireMessage.with { event in
                event.double(1, time)
                event.number(2, UInt64(bitPattern: step))
                event.message(5, WireMessage.with { $0.message(1, value) })
            }
        )
    }

    static func scalar(_ tag: String, _ number: Float, at time: Double, step: Int64 = 0) -> [UInt8] {
        value(tag, at: time, step: step) { $0.float(2, number) }
    }

    static func metadata(plugin: String, content: [UInt8] = []) -> [UInt8] {
        WireMessage.with { metadata in
            metadata.message(
                1,
                WireMessage.with { data in
                    data.text(1, plugin)
                    data.message(2, content)
                }
            )
        }
    }

    /// What TensorFlow's summaries write; nil for the later values of a tag, which need not name the plugin.
    static func tensor(
        _ tag: String,
        at time: Double,
        step: Int64 = 0,
        plugin: String? = "scalars",
        _ fill: (inout WireMessage) -> Void
    ) -> [UInt8] {
        value(tag, at: time, step: step) { value in
            value.message(8, WireMessage.with(fill))
            if let plugin { value.message(9, metadata(plugin: plugin)) }
        }
    }

    /// A message of the plugin for hyperparameters.
    static func session(_ tag: String, at time: Double, _ fill: (inout WireMessage) -> Void) -> [UInt8] {
        value("_hparams_/" + tag, at: time) {
            $0.message(9, metadata(plugin: "hparams", content: WireMessage.with(fill)))
        }
    }

    static func hyperparameters(_ values: [(String, (inout WireMessage) -> Void)], at time: Double) -> [UInt8] {
        session("session_start_info", at: time) { data in
            data.message(
                3,
                WireMessage.with { start in
                    for (key, fill) in values {
                        start.message(
                            1,
                            WireMessage.with { entry in
                                entry.text(1, key)
                                entry.message(2, WireMessage.with(fill))
                            }
                        )
                    }
                    start.text(4, "sweep 1")
                }
            )
        }
    }
}

/// A folder with event files that a test writes.
final class EventTree {
    private let folder: TemporaryFolder
    let root: String

    init() throws {
        folder = try TemporaryFolder()
        root = folder.file("logs")
        mkdir(root, 0o700)
    }

    func write(_ path: String, _ records: [[UInt8]]) {
        let parts = path.split(separator: "/")
        for count in 1..<max(parts.count, 1) { mkdir(root + "/" + parts.prefix(count).joined(separator: "/"), 0o700) }
        let isWritten = TestSupport.write(Array(records.joined()), toFile: root + "/" + path)
        #expect(isWritten)
    }

    struct Found {
        var experiments: [Experiment] = []
        var runs: [TransferredRun] = []
        var points: [TransferredPoints] = []
        var skipped: [String: String] = [:]
        var hints: [String] = []

        func run(_ name: String) throws -> Run { try #require(runs.first { $0.run.info.name == name }).run }

        /// The points of a metric of a run.
        func points(_ name: String, _ key: String) throws -> [MetricPoint] {
            let id = try run(name).info.runID
            return points.filter { $0.runID == id && $0.key == key }.flatMap(\.points)
        }
    }

    func read(_ selection: TransferSelection = TransferSelection(), root: String? = nil) throws -> Found {
        var found = Found()
        try TensorBoardLogs(path: root ?? self.root, experimentName: nil).read(selection) { item in
            switch item {
            case .record(.experiment(let experiment)): found.experiments.append(experiment)
            case .record(.run(let run)): found.runs.append(run)
            case .record(.points(let points)): found.points.append(points)
            case .skipped(let place, let reason): found.skipped[place] = reason
            case .hint(let text): found.hints.append(text)
            case .record, .artifacts, .archivedFile, .remoteFile: Issue.record("unexpected: \(item)")
            }
        }
        return found
    }
}
