internal import Files
internal import Glibc
internal import Synchronization

// Several servers may share the folder of an upload: a client that reaches them through a load balancer sends the parts
// to any of them. What they must agree on is in files of the folder, and none relies on what it remembers:
//
// - The journal of the parts has a line for each part, whichever server has received it.
// - One file holds the length of the parts, from which the offsets in the shared file follow.
// - Who writes to the shared file locks the range of the part, and who completes or removes the upload locks the record.
//
// Over NFS, only opening a file shows what another machine has done, so that no decision rests on a folder's entries.

extension MultipartUpload {
    /// The length of every part but the last, in digits with a line feed at the end.
    static let lengthName = "length"

    /// Whether the files of the upload show that it has neither been completed nor removed, by whatever server.
    func isOpenOnDisk() throws(ArtifactError) -> Bool {
        guard try folder.kind(of: MultipartRecord.name) != nil else { return false }
        return try !folder.holdsCompletedUpload()
    }

    /// Returns a lock that only one connection of all servers holds, until it is released; nil if another one has it.
    ///
    /// - Throws: `MultipartError.unknownUpload` if the upload has been removed.
    func takeTurn() throws -> Descriptor? {
        do {
            let record = try folder.open(MultipartRecord.name, flags: O_RDWR)
            return record.lock() ? record : nil
        } catch ArtifactError.notFound {
            throw MultipartError.unknownUpload
        }
    }

    /// Whether no other server completes the upload or writes to its shared file.
    func isUnusedElsewhere() throws -> Bool {
        guard try takeTurn() != nil else { return false }
        do {
            return try folder.open(Self.dataName, flags: O_RDWR).lock()
        } catch ArtifactError.notFound {
            return true
        }
    }

    /// Takes in the lines that were added to the journal since the last call, by whatever server.
    func readJournal() throws(ArtifactError) {
        // What another connection has taken in meanwhile may end before the lines that were there when this call began.
        while try !takeInJournal() {}
    }

    /// - Returns: false if another connection has taken in lines since this call began.
    private func takeInJournal() throws(ArtifactError) -> Bool {
        let start = state.withLock { $0.journalBytes }
        guard let bytes = try folder.contents(of: Self.journalName, from: start, atMost: 64 << 20), !bytes.isEmpty
        else { return true }
        let (parts, length) = StoredPart.parts(ofJournal: bytes)
        let replaced: [(number: Int, part: StoredPart)]? = state.withLock { state in
            var replaced: [(number: Int, part: StoredPart)] = []
            guard state.journalBytes == start else { return nil }
            state.journalBytes += Int64(length)
            for (number, part) in parts where number >= 1 && number <= record.partCount {
                if let older = state.parts.updateValue(part, forKey: number) {
                    claim?.shrink(by: older.length)
                    replaced.append((number, older))
                }
                if state.ownTags.remove(part.tag) == nil { claim?.restore(part.length) }
            }
            // A completion that has begun may read the replaced files; they are removed with the folder then.
            return state.phase == .open ? replaced : []
        }
        guard let replaced else { return false }
        // If the removal fails, the file is removed with the folder.
        for (number, part) in replaced where !part.isInPlace { _ = removePart(number, tag: part.tag) }
        return true
    }

    /// Adds a line to the journal; no other process adds one at the same time.
    func appendToJournal(_ line: String) throws(ArtifactError) {
        let journal = try folder.open(Self.journalName, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        // Two machines that append to a file over NFS at the same time would overwrite each other's lines.
        journal.lockWaiting()
        // The line is written by one call, so that lines of parts that arrive at the same time do not mix.
        // Its line feed in front ends a line that a full disk has cut off.
        let bytes = Array(("\n" + line).utf8)
        let (count, code) = retryingInterrupts { Int32(write(journal.rawValue, bytes, bytes.count)) }
        guard count == bytes.count else { throw ArtifactError(errno: code == 0 ? EIO : code, call: "write") }
    }

    /// Returns the length of every part but the last, which is the same for all servers; nil if none is agreed on.
    ///
    /// - Parameter proposal: the length that becomes the common one if there is none yet.
    /// - Returns: the length, and whether it is the proposal of this call.
    func commonLength(proposing proposal: Int64?) throws(ArtifactError) -> (length: Int64, isNew: Bool)? {
        if let known = state.withLock({ $0.partLength }) { return (known, false) }
        var length = try readLength()
        var isNew = false
        if case .missing = length {
            // An upload that an older version of the server began has no such file.
            let older = state.withLock { $0.lengthInJournal(ofParts: record.partCount) }
            guard let wanted = older ?? proposal else { return nil }
            do {
                let file = try folder.open(Self.lengthName, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
                let text = Array("\(wanted)\n".utf8)
                try text.withUnsafeBytes { bytes in
                    Result { () throws(ArtifactError) in try file.write(bytes, at: 0) }
                }.get()
                length = .known(wanted)
                isNew = older == nil
            } catch .busy {
                // Another connection has just created the file.
                length = try readLength()
            }
        }
        guard case .known(let common) = length else { return nil }
        state.withLock { $0.partLength = common }
        return (common, isNew)
    }

    private enum CommonLength {
        case known(Int64), missing
        /// The file has no complete line: it was created at this moment, or a failure has cut it off.
        case incomplete
    }

    private func readLength() throws(ArtifactError) -> CommonLength {
        guard let bytes = try folder.contents(of: Self.lengthName, atMost: 64) else { return .missing }
        guard bytes.last == UInt8(ascii: "\n"), let length = Int64(String(decoding: bytes.dropLast(), as: UTF8.self)),
            length > 0
        else { return .incomplete }
        return .known(length)
    }
}

extension MultipartUpload.State {
    fileprivate func lengthInJournal(ofParts count: Int) -> Int64? {
        parts.first { $0.key < count && $0.value.isInPlace }?.value.length
    }
}

extension Folder {
    /// Whether this is the folder of an upload whose file has become the artifact.
    func holdsCompletedUpload() throws(ArtifactError) -> Bool {
        guard let name = try contents(of: MultipartUpload.completionName, atMost: 64) else { return false }
        // Another server may be writing the name at this moment.
        guard let whole = MultipartUpload.fileNames.first(where: { name.elementsEqual($0.utf8) }) else { return false }
        do {
            _ = try open(whole, flags: O_RDONLY)
            return false
        } catch .notFound {
            return true
        }
    }
}
