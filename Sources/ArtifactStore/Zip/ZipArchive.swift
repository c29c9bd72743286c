internal import Coding
internal import Files

/// A zip archive of a folder that is made in pieces while it is sent.
///
/// It needs about 500 KiB of memory, one open file, and the central directory (about 100 bytes per entry), which ends
/// the archive. Text is compressed; other files are stored. Folders have their own entries, so that the archive
/// contains empty folders too. The archive leaves out the entries that `ArtifactRoot.list` leaves out.
package struct ZipArchive: Sendable {
    /// The limits of an archive.
    package struct Limits: Sendable {
        /// The largest number of files and folders.
        package var entries = 200_000
        /// The largest size of the central directory in bytes, which is held in memory.
        package var directoryBytes = 32 * 1_048_576

        package init() {}
    }

    private struct CurrentFile {
        let file: OpenArtifact
        var entry: ZipEntry
        var checksum = CRC32()
        var position: Int64 = 0
    }

    private static let pieceBytes = 128 * 1_024

    private var walk: ArtifactWalk
    private let deflater: Deflater
    private var current: CurrentFile?
    /// The central directory, as far as it is made.
    private var directory: [UInt8] = []
    private var entryCount: UInt64 = 0
    /// The number of bytes in earlier pieces.
    private var written: UInt64 = 0

    init(_ walk: ArtifactWalk) throws(ArtifactError) {
        self.walk = walk
        deflater = try makeDeflater(.none)
    }

    /// Appends the next piece, about 128 KiB; blocks on the disk.
    ///
    /// - Returns: whether the archive has more pieces.
    /// - Throws: an error that makes the archive incomplete: `.notFound` for a file that vanished after its folder was read,
    ///   `.other` with ENODATA for a file that became shorter while it was read, other errors of the file system. The bytes so
    ///   far are then not a valid archive, and the response must end in a way that shows the client that it is incomplete.
    package mutating func next(into buffer: inout [UInt8]) throws(ArtifactError) -> Bool {
        let start = buffer.count
        while buffer.count - start < Self.pieceBytes {
            let offset = written + UInt64(buffer.count - start)
            if current != nil {
                try continueFile(into: &buffer)
            } else if let entry = try walk.next() {
                try begin(entry, at: offset, into: &buffer)
            } else {
                let size = UInt64(directory.count)
                buffer.append(contentsOf: directory)
                ZipFormat.appendEnd(entries: entryCount, size: size, offset: offset, to: &buffer)
                return false
            }
        }
        written += UInt64(buffer.count - start)
        return true
    }

    private mutating func begin(
        _ walked: ArtifactWalk.Entry,
        at offset: UInt64,
        into buffer: inout [UInt8]
    ) throws(ArtifactError) {
        guard !walked.isDirectory else {
            let entry = ZipEntry(walked, method: .store, size: 0, at: offset)
            entry.appendLocalHeader(to: &buffer)
            addToDirectory(entry)
            return
        }
        let file = try walked.open()
        let method: ZipEntry.Method = isTextLike(walked.path) ? .deflate : .store
        let entry = ZipEntry(walked, method: method, size: UInt64(file.size), at: offset)
        entry.appendLocalHeader(to: &buffer)
        if method == .deflate { deflater.restart() }
        current = CurrentFile(file: file, entry: entry)
    }

    /// Appends the next part of the open file, and after its last part the data descriptor.
    private mutating func continueFile(into buffer: inout [UInt8]) throws(ArtifactError) {
        guard var current else { return }
        let start = buffer.count
        let isLast = current.file.size - current.position <= Self.pieceBytes
        let deflater = current.entry.method == .deflate ? deflater : nil
        try current.file.withBytes(at: current.position, upTo: Self.pieceBytes) { (bytes) throws(ArtifactError) in
            current.checksum.update(bytes)
            if let deflater {
                deflater.compress(bytes, isLast: isLast, into: &buffer)
            } else {
                buffer.append(contentsOf: bytes)
            }
            current.position += Int64(bytes.count)
        }
        current.entry.compressedSize += UInt64(buffer.count - start)
        self.current = isLast ? nil : current
        guard isLast else { return }
        current.entry.size = UInt64(current.position)
        current.entry.checksum = current.checksum.value
        current.entry.appendDescriptor(to: &buffer)
        addToDirectory(current.entry)
    }

    private mutating func addToDirectory(_ entry: ZipEntry) {
        entry.appendDirectoryRecord(to: &directory)
        entryCount += 1
    }
}

extension ZipEntry {
    fileprivate init(_ walked: ArtifactWalk.Entry, method: Method, size: UInt64, at offset: UInt64) {
        self.init(
            name: Self.safeName(walked.path) + (walked.isDirectory ? "/" : ""),
            method: method,
            modificationSeconds: walked.modification.seconds,
            offset: offset,
            expectedSize: size
        )
    }

    /// The path, with `./` before a name such as `C:a`, which names a drive on Windows.
    private static func safeName(_ path: String) -> String {
        path.utf8.dropFirst().first == UInt8(ascii: ":") ? "./" + path : path
    }
}

extension ArtifactStorage {
    /// Begins an archive of a folder, in which the names are relative to the base, as in downloads by MLflow's client.
    ///
    /// Walks through the folder once to count its entries, so that an archive beyond the limits is refused before it begins.
    /// - Returns: nil if the folder exceeds a limit.
    /// - Throws: the errors of `walk`.
    package func zip(
        _ path: ArtifactPath = .root,
        relativeTo base: ArtifactPath = .root,
        limits: ZipArchive.Limits = ZipArchive.Limits()
    ) throws(ArtifactError) -> ZipArchive? {
        var entries = 0
        var directoryBytes = 0
        var firstWalk = try walk(path, relativeTo: base, after: nil, ifVanished: .skip)
        while let entry = try firstWalk.next() {
            entries += 1
            // 90 bytes are enough for the record without the path, with all extra fields and the prefix of `safeName`.
            directoryBytes += entry.path.utf8.count + 90
            guard entries <= limits.entries, directoryBytes <= limits.directoryBytes else { return nil }
        }
        return try ZipArchive(try walk(path, relativeTo: base, after: nil, ifVanished: .fail))
    }
}
