internal import Budgets
internal import Files
internal import Glibc
internal import Synchronization

// The hidden folder contains a folder for each upload, whose name is the upload's id, and the file with the key that
// signs the URLs of parts (`signingKey`).

extension MultipartUploads {
    private static let folderName = ArtifactUpload.namePrefix + "multipart"

    /// The age, in seconds, from which a folder without a record may be removed.
    ///
    /// A younger folder may belong to an upload that another server is just beginning.
    private static let secondsToWriteRecord: Int64 = 3_600

    enum FoundUpload {
        case open(MultipartUpload)
        /// The upload is completed; the value is the path of the artifact.
        case completed(String)
        case unknown
    }

    /// Looks up an upload, in memory or else on the disk, and remembers it if it is open.
    func find(_ id: String) throws -> FoundUpload {
        // The id is checked, because it becomes the name of a folder.
        guard id.utf8.count == 32, id.allSatisfy({ $0.isHexDigit && $0.isASCII }) else { return .unknown }
        if let remembered = remembered(id) {
            guard case .open(let upload) = remembered, try !upload.isOpenOnDisk() else { return remembered }
            // Another server, or another connection of this one, has completed or removed the upload.
            forget(id)
        }
        guard let folder = try folder(of: id) else { return .unknown }
        let found = try read(id, folder)
        guard case .open(let upload) = found else { return found }
        // Another connection may have read the record meanwhile; all connections must use the same object.
        state.withLock { state in
            guard state.uploads[id] == nil else { return }
            state.uploads[id] = .open(upload)
            let holding = BudgetReservation(of: limits.openUploads, for: .server)
            // An upload that is already on the disk is accepted even beyond the limit.
            if holding.grow(by: 1) { state.holdings[id] = holding }
        }
        return remembered(id) ?? found
    }

    private func remembered(_ id: String) -> FoundUpload? {
        switch state.withLock({ $0.uploads[id] }) {
        case .open(let upload)?: .open(upload)
        case .beginning?: .unknown
        case nil: nil
        }
    }

    /// Reads the record of an upload that this process does not know.
    private func read(_ id: String, _ folder: Folder) throws(ArtifactError) -> FoundUpload {
        guard let bytes = try folder.contents(of: MultipartRecord.name, atMost: 16_384),
            let record = MultipartRecord(bytes)
        else { return .unknown }
        if try folder.holdsCompletedUpload() { return .completed(record.path) }
        let claim = limits.claim(record.owner)
        let upload = MultipartUpload(id: id, record: record, folder: folder, freeSpace: root.freeSpace, claim: claim)
        try upload.readJournal()
        return .open(upload)
    }

    /// Returns whether the upload can be removed: it has expired, or its completion need not be remembered any longer, or its
    /// folder has had no record for `secondsToWriteRecord`.
    ///
    /// - Parameter endsExpired: whether this call ends an expired upload, so that the upload accepts no more parts.
    func checkRemovable(_ id: String, in parent: Folder, at now: Int64, endsExpired: Bool) throws -> Bool {
        if case .beginning? = state.withLock({ $0.uploads[id] }) { return false }
        switch try find(id) {
        case .unknown:
            // Another server may have created the folder at this moment, and not written its record yet.
            let status = try parent.status(of: id)
            return status.map { Int64($0.st_mtim.tv_sec) + Self.secondsToWriteRecord <= now } ?? false
        case .open(let upload):
            return try upload.isExpiredAndUnused(at: now) && (!endsExpired || upload.end())
        case .completed:
            let status = try parent.folder(id).status(of: MultipartUpload.completionName)
            return status.map { Int64($0.st_mtim.tv_sec) + limits.rememberedSeconds <= now } ?? true
        }
    }

    private func folder(of id: String) throws(ArtifactError) -> Folder? {
        do {
            let parent = try hiddenFolder(makingIfMissing: false)
            return try parent.folder(id)
        } catch .notFound {
            return nil
        }
    }

    /// Forgets uploads that other servers have completed or removed, so that they no longer count toward the limit of this one.
    package func forgetEnded() {
        for (id, entry) in state.withLock({ $0.uploads }) {
            // An upload whose files cannot be read is kept.
            if case .open(let upload) = entry, let isOpen = try? upload.isOpenOnDisk(), !isOpen { forget(id) }
        }
    }

    func forget(_ id: String) {
        state.withLock { state in
            state.uploads[id] = nil
            state.holdings[id] = nil
        }
    }

    func hiddenFolder(makingIfMissing: Bool) throws(ArtifactError) -> Folder {
        let rootFolder = try root.rootFolder(makingIfMissing: makingIfMissing)
        do {
            return try rootFolder.folder(Self.folderName)
        } catch .notFound where makingIfMissing {
            let (result, code) = retryingInterrupts { mkdirat(rootFolder.descriptor.rawValue, Self.folderName, 0o700) }
            guard result == 0 || code == EEXIST else { throw ArtifactError(errno: code, call: "mkdirat") }
            return try rootFolder.folder(Self.folderName)
        }
    }

    func removeFolder(_ id: String) throws(ArtifactError) {
        let parent = try hiddenFolder(makingIfMissing: false)
        // The loop is needed because a part that has just begun may still create its file. If the folder remains after the
        // last attempt, a later call of `removeExpired` removes it.
        for _ in 0..<8 {
            do {
                let folder = try parent.folder(id)
                for entry in try folder.entries() { _ = folder.unlink(entry.name) }
            } catch .notFound {
                return
            }
            let code = parent.unlink(id, flags: AT_REMOVEDIR)
            if code == 0 || code == ENOENT { return }
            guard code == ENOTEMPTY || code == EEXIST else { throw ArtifactError(errno: code, call: "unlinkat") }
        }
    }
}
