internal import Files
internal import Glibc
internal import Synchronization

// Several servers may share the folder of an upload: a client that reaches them through a load balancer sends the parts
// to any of them. All that the servers must agree on is in files of the folder, and no server relies on its memory:
//
// - The journal has a line for each part, whichever server has received the part.
// - One file contains the common length of the parts, from which the offsets in the shared file follow.
// - A connection that writes to the shared file locks the range of its part. A connection that completes or removes the
//   upload locks the file of the `MultipartRecord`.
//
// Over NFS, the list of a folder's entries may be outdated, and only opening a file shows what another machine has done;
// so no decision depends on the list.

extension MultipartUpload {
    /// The length of every part but the last, in digits with a line feed at the end.
    static let lengthName = "length"

    /// Whether the files of the upload show that it has neither been completed nor removed by any server.
    func isOpenOnDisk() throws(ArtifactError) -> Bool {
        guard try folder.kind(of: MultipartRecord.name) != nil else { return false }
        return try !folder.holdsCompletedUpload()
    }

    /// Locks the upload, so that only one connection, of this or another server, completes or removes it.
    ///
    /// - Returns: the lock, which ends when the descriptor is released; nil if another connection has locked the upload.
    /// - Throws: `MultipartError.unknownUpload` if the upload has been removed.
    func lockExclusively() throws -> Descriptor? {
        do {
            let record = try folder.open(MultipartRecord.name, flags: O_RDWR)
            return record.lock() ? record : nil
        } catch ArtifactError.notFound {
            throw MultipartError.unknownUpload
        }
    }

    /// Whether no other server completes the upload or writes to its shared file.
    func isUnusedElsewhere() throws -> Bool {
        guard try lockExclusively() != nil else { return false }
        do {
            return try folder.open(Self.dataName, flags: O_RDWR).lock()
        } catch ArtifactError.notFound {
            return true
        }
    }

    /// Reads the lines that any server has added to the journal since the last call.
    func readJournal() throws(ArtifactError) {
        // If another connection has read lines meanwhile, it may not have reached all lines that existed when this call
        // began; so this call tries again.
        while try !readJournalOnce() {}
    }

    /// - Returns: false if another connection has read lines since this call began; this call has then changed nothing.
    private func readJournalOnce() throws(ArtifactError) -> Bool {
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
            // A completion that has begun may still read the replaced files, so they stay until the folder is removed.
            return state.phase == .open ? replaced : []
        }
        guard let replaced else { return false }
        // If the removal fails, the file is removed with the folder.
        for (number, part) in replaced where !part.isInSharedFile { _ = removePart(number, tag: part.tag) }
        return true
    }

    /// Adds a line to the journal, under a lock that keeps other processes from adding one at the same time.
    func appendToJournal(_ line: String) throws(ArtifactError) {
        let journal = try folder.open(Self.journalName, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        // Two machines that append to a file over NFS at the same time would overwrite each other's lines.
        journal.lockWaiting()
        // The line is written by one call, so that lines of parts that arrive at the same time do not mix. The line feed
        // at its beginning ends an earlier line that a full disk has cut off.
        let bytes = Array(("\n" + line).utf8)
        let (count, code) = retryingInterrupts { Int32(write(journal.rawValue, bytes, bytes.count)) }
        guard count == bytes.count else { throw ArtifactError(errno: code == 0 ? EIO : code, call: "write") }
    }

    /// Returns the common length of all parts but the last, as it is decided for all servers; nil if it is not decided yet.
    ///
    /// - Parameter proposal: the length that becomes the common one if there is none yet; nil to propose none.
    /// - Returns: the length, and whether this call has decided it by its proposal.
    func commonLength(proposing proposal: Int64?) throws(ArtifactError) -> (length: Int64, isNew: Bool)? {
        if let length = state.withLock({ $0.partLength }) { return (length, false) }
        var length = try readLength()
        var isNew = false
        if case .missing = length {
            // An upload that an older version of the server began has no such file.
            let lengthInJournal = state.withLock { $0.lengthInJournal(ofParts: record.partCount) }
            guard let wanted = lengthInJournal ?? proposal else { return nil }
            do {
                let file = try folder.open(Self.lengthName, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
                try file.write(Array("\(wanted)\n".utf8))
                length = .decided(wanted)
                isNew = lengthInJournal == nil
            } catch .busy {
                // Another connection has just created the file.
                length = try readLength()
            }
        }
        guard case .decided(let common) = length else { return nil }
        state.withLock { $0.partLength = common }
        return (common, isNew)
    }

    private enum CommonLength {
        case decided(Int64), missing
        /// The file has no complete line: it was created at this moment, or a failure has cut it off.
        case incomplete
    }

    private func readLength() throws(ArtifactError) -> CommonLength {
        guard let bytes = try folder.contents(of: Self.lengthName, atMost: 64) else { return .missing }
        guard bytes.last == UInt8(ascii: "\n"), let length = Int64(String(decoding: bytes.dropLast(), as: UTF8.self)),
            length > 0
        else { return .incomplete }
        return .decided(length)
    }
}

extension MultipartUpload.State {
    fileprivate func lengthInJournal(ofParts count: Int) -> Int64? {
        parts.first { $0.key < count && $0.value.isInSharedFile }?.value.length
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
