internal import JSON
package import Tracking

/// Writes an archive piece by piece; `docs/archive-format.md` describes the format.
///
/// Collected records are written as one entry: when they have `recordBytesPerEntry`, before each file, and at the end.
package struct ArchiveWriter: Sendable {
    private static let recordBytesPerEntry = 262_144

    private var lines: [UInt8] = []
    /// The number of entries of records that have been appended.
    private var recordEntryCount = 0
    /// The number of bytes of the current file that have not been added yet; `paddingBytes` zeros complete its last block.
    private var remainingBytes: Int64 = 0
    private var paddingBytes = 0

    package init() {}

    /// Appends the first entry, by which archives are recognized.
    package func begin(_ bytes: inout [UInt8]) {
        let text = Array("{\"format\":\"\(ArchiveFormat.name)\",\"version\":\(ArchiveFormat.version)}\n".utf8)
        ArchiveFormat.append(ArchiveFormat.firstFile, text, to: &bytes)
    }

    /// Adds a record; bytes are appended only when enough records have been collected.
    package mutating func add(_ record: TransferRecord, to bytes: inout [UInt8]) {
        precondition(remainingBytes == 0, "the file before the record is not complete")
        var writer = JSONWriter(continuing: lines)
        lines = []
        writer.record(record)
        lines = writer.takeBytes()
        lines.append(UInt8(ascii: "\n"))
        if lines.count >= Self.recordBytesPerEntry { flush(&bytes) }
    }

    private mutating func flush(_ bytes: inout [UInt8]) {
        guard !lines.isEmpty else { return }
        recordEntryCount += 1
        let number =
            String(repeating: "0", count: max(8 - String(recordEntryCount).utf8.count, 0)) + String(recordEntryCount)
        ArchiveFormat.append("\(ArchiveFormat.recordsFolder)\(number).jsonl", lines, to: &bytes)
        lines.removeAll(keepingCapacity: true)
    }

    /// Begins a file, whose bytes must all be added before the next record or file.
    ///
    /// - Parameters:
    ///   - path: the path relative to the artifact root.
    ///   - modified: the modification time in seconds since 1970.
    package mutating func beginFile(_ path: String, size: Int64, modified: Int64, to bytes: inout [UInt8]) {
        precondition(remainingBytes == 0, "the file before this one is not complete")
        flush(&bytes)
        TarEntry(name: ArchiveFormat.artifactsFolder + path, size: size, modified: modified).appendHeader(to: &bytes)
        remainingBytes = size
        paddingBytes = TarEntry.padding(size)
    }

    /// Adds the next bytes of the file.
    package mutating func addToFile(_ content: some Collection<UInt8>, to bytes: inout [UInt8]) {
        remainingBytes -= Int64(content.count)
        precondition(remainingBytes >= 0, "the file is longer than announced")
        bytes += content
        if remainingBytes == 0 {
            bytes += [UInt8](repeating: 0, count: paddingBytes)
            paddingBytes = 0
        }
    }

    /// Appends the remaining records and the end of the archive.
    package mutating func end(_ bytes: inout [UInt8]) {
        precondition(remainingBytes == 0, "the last file is not complete")
        flush(&bytes)
        bytes += TarEntry.end
    }
}

/// The content of the first file, and the names of entries.
enum ArchiveFormat {
    static let name = "apus-archive"
    static let version: Int64 = 1
    static let firstFile = "apus-archive.json"
    /// The maximum size of the first file in bytes.
    static let firstFileBytes = 65_536
    static let recordsFolder = "records/"
    static let artifactsFolder = "artifacts/"

    static func append(_ name: String, _ content: [UInt8], to bytes: inout [UInt8]) {
        TarEntry(name: name, size: Int64(content.count)).appendHeader(to: &bytes)
        bytes += content
        bytes += [UInt8](repeating: 0, count: TarEntry.padding(Int64(content.count)))
    }
}
