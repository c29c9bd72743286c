package import Files
internal import JSON
internal import Tracking

/// An archive of Apus, which is read once and without seeking, so that the input may be a pipe.
package final class ArchiveSource: RecordSource {
    package let title: String
    private var input: ArchiveInput
    /// The names of the selected experiments that have been read.
    private var experimentNames: Set<ExactText> = []
    private var runIDs: Set<ExactText> = []
    private var modelIDs: Set<ExactText> = []
    /// The last run or model that was read, to which the next files belong; nil before the first one.
    private var owner: FileOwner?

    /// - Parameters:
    ///   - title: the name of the archive in messages.
    ///   - next: returns the next bytes of the archive; an empty array at its end.
    package init(title: String, next: @escaping () throws -> [UInt8]) {
        self.title = title
        input = ArchiveInput(nextBytes: next)
    }

    /// Whether a file begins like an archive of Apus.
    ///
    /// - Parameter beginning: the first kilobytes of the file, or the whole of a shorter file.
    package static func recognizes(_ beginning: [UInt8]) -> Bool {
        var rest = beginning
        var input = ArchiveInput {
            defer { rest = [] }
            return rest
        }
        return (try? firstFile(of: &input))??.name == ArchiveFormat.firstFile
    }

    /// The command that unpacks a compressed file with these first bytes; nil for a file that is not compressed.
    package static func unpackCommand(_ beginning: [UInt8]) -> String? {
        let magics: [(bytes: [UInt8], program: String)] = [
            ([0x1F, 0x8B], "gzip -dc"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd -dc"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz -dc"), (Array("BZh".utf8), "bzip2 -dc"),
        ]
        return magics.first { beginning.starts(with: $0.bytes) }?.program
    }

    /// The first entry that is not a folder; tar programs write a folder before its files.
    private static func firstFile(of input: inout ArchiveInput) throws -> TarEntry? {
        while let entry = try input.nextEntry() {
            guard entry.kind == .folder else { return entry }
            try input.endEntry()
        }
        return nil
    }

    /// Reads and checks the first file, which has the name and the version of the archive's format.
    private func readFirstFile() throws {
        let first: TarEntry?
        do {
            first = try Self.firstFile(of: &input)
        } catch let failure as SourceFailure {
            if input.firstBytes.isEmpty { throw SourceFailure("\(title) is empty.") }
            if let unpacker = Self.unpackCommand(input.firstBytes) {
                throw SourceFailure("\(title) is compressed. Unpack it first: \(unpacker) FILE | apus import -")
            }
            throw failure
        }
        guard let first, first.name == ArchiveFormat.firstFile, first.size <= Int64(ArchiveFormat.firstFileBytes) else {
            throw SourceFailure("\(title) is not an archive of Apus: its first file is not \(ArchiveFormat.firstFile).")
        }
        var content: [UInt8] = []
        while let piece = try input.nextContent() { content += piece }
        let header = (try? JSONDocument(parsing: content))?.root
        guard header?["format"]?.string == ArchiveFormat.name, let version = header?["version"]?.int64, version > 0
        else {
            throw SourceFailure(
                "\(title) is not an archive of Apus: \(ArchiveFormat.firstFile) has unexpected content."
            )
        }
        guard version <= ArchiveFormat.version else {
            throw SourceFailure(
                "\(title) has format version \(version), and this version of Apus reads version "
                    + "\(ArchiveFormat.version): it was made by a later version of Apus. Import it with that version."
            )
        }
        try input.endEntry()
    }

    package func read(_ selection: TransferSelection, _ emit: (TransferItem) throws -> Void) throws {
        try readFirstFile()
        while let entry = try input.nextEntry() {
            switch entry.kind {
            // A folder needs no import of its own: it is created together with its files.
            case .folder: break
            case .file: try readFile(entry, selection, emit)
            case .invalidName: try emit(.skipped(entry.name, "its name is not UTF-8"))
            case .other:
                try emit(.skipped(entry.name, "it is not a file, but a link or another entry without content"))
            }
            try input.endEntry()
        }
        if input.hasBytesAfterEnd {
            let reason = "more bytes follow the end, as if several archives were joined: only the first is read"
            try emit(.skipped(title, reason))
        }
    }

    private func readFile(
        _ entry: TarEntry,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        if entry.name.remainder(after: ArchiveFormat.recordsFolder) != nil {
            try readRecords(entry.name, selection, emit)
        } else if let path = entry.name.remainder(after: ArchiveFormat.artifactsFolder) {
            if !selection.skipsArtifacts { try readArtifact(entry, path, emit) }
        } else {
            try emit(.skipped(entry.name, "it is neither records nor an artifact"))
        }
    }

    private func readRecords(
        _ name: String,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        var number = 0
        while let line = try input.nextLine() {
            number += 1
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
            let record: TransferRecord?
            do {
                record = try TransferRecord(line: line)
            } catch {
                try emit(.skipped("\(name), line \(number)", error.message))
                continue
            }
            guard let record else {
                try emit(.skipped("\(name), line \(number)", "this version of Apus does not know this kind of record"))
                continue
            }
            let isSelected = select(record, selection)
            if let owner = FileOwner(record, isSelected: isSelected) { self.owner = owner }
            if isSelected { try emit(.record(record)) }
        }
    }

    /// Returns whether a record is selected; adds selected experiments, runs and models to the sets of names and ids.
    private func select(_ record: TransferRecord, _ selection: TransferSelection) -> Bool {
        // If everything is selected, the sets are not needed.
        let isAll = selection.includesRegistry
        switch record {
        case .experiment(let experiment):
            guard selection.includes(experiment) else { return false }
            if !isAll { experimentNames.insert(ExactText(experiment.name)) }
        case .run(let run):
            guard isAll || experimentNames.contains(ExactText(run.experiment.name)), selection.includes(run.run.info)
            else { return false }
            if !isAll { runIDs.insert(ExactText(run.run.info.runID)) }
        case .loggedModel(let model):
            guard isAll || experimentNames.contains(ExactText(model.experiment.name)),
                selection.includes(model.model.info)
            else { return false }
            if !isAll { modelIDs.insert(ExactText(model.model.info.modelID)) }
        case .points(let points): return isAll || runIDs.contains(ExactText(points.runID))
        case .modelPoints(let points): return isAll || modelIDs.contains(ExactText(points.modelID))
        case .registeredModel, .modelVersion: return isAll
        }
        return true
    }

    private func readArtifact(_ entry: TarEntry, _ path: String, _ emit: (TransferItem) throws -> Void) throws {
        // Files are imported only together with the run or model that owns them.
        guard let owner, path.remainder(after: owner.location + "/") != nil else {
            return try emit(.skipped(entry.name, "it is not in the folder of the last run or model before it"))
        }
        guard owner.isSelected else { return }
        guard owner.ownsFolder else {
            let reason = "the artifacts of the \(owner.title) are not in a folder '<id>/artifacts' of their own"
            return try emit(.skipped(entry.name, reason))
        }
        let file = ArchivedFile(path: path, size: entry.size) { [self] in
            let file = try ScratchFile()
            while let piece = try input.nextContent() { try file.append(piece) }
            file.setTime(entry.modified)
            return file.descriptor
        }
        try emit(.archivedFile(file))
    }
}

/// The run or model that files of an archive belong to.
private struct FileOwner {
    /// The name of the owner in messages.
    let title: String
    /// The folder of the owner's files, relative to the artifact root; empty if it has no files in the archive.
    let location: String
    /// Whether the folder belongs to this owner, and not to another run or model.
    let ownsFolder: Bool
    /// Whether the run or model is selected.
    let isSelected: Bool

    /// Makes the owner from a record; nil for records that own no files.
    init?(_ record: TransferRecord, isSelected: Bool) {
        let (ids, artifactURI): ([String], String)
        switch record {
        case .run(let run):
            (ids, artifactURI) = ([run.run.info.runID], run.run.info.artifactURI)
            title = "run \(run.run.info.runID)"
        case .loggedModel(let model):
            // A model may be in the folder of the run that created it.
            let info = model.model.info
            (ids, artifactURI) = ([info.modelID, info.sourceRunID], info.artifactURI)
            title = "model \(info.modelID)"
        case .experiment, .points, .modelPoints, .registeredModel, .modelVersion: return nil
        }
        location = artifactURI.remainder(after: "mlflow-artifacts:/") ?? ""
        ownsFolder = ArtifactFinder.isFolder(location, ofOneOf: ids)
        self.isSelected = isSelected
    }
}

extension String {
    /// The text after a prefix, or nil if the prefix is missing.
    ///
    /// Compares bytes, because a name may begin with a combining character.
    fileprivate func remainder(after prefix: String) -> String? {
        guard utf8.starts(with: prefix.utf8) else { return nil }
        return String(decoding: utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }
}

/// A file in an archive.
package struct ArchivedFile {
    /// The path relative to the artifact root.
    package let path: String
    package let size: Int64
    /// Copies the content into a file without a name.
    ///
    /// The function can be called only once, and before the next item is read.
    package let open: () throws -> Descriptor
}
