package import Budgets
internal import Files
internal import Glibc
internal import Synchronization

/// The multipart uploads of an artifact root: a client sends a large file in parts, over many connections.
///
/// All uploads are in one hidden folder of the root, so the finished file is moved to its target without a copy. No
/// `ArtifactPath` can name that folder. Unfinished uploads and their parts survive a restart of the server until they
/// expire. Several servers may use the folder at the same time, and they may receive different parts of one upload. All
/// functions block, and any thread may call them.
package final class MultipartUploads: Sendable {
    /// The limits for clients.
    package struct Limits: Sendable {
        /// The largest number of parts of one upload.
        package var parts = 10_000
        /// The largest part, in bytes.
        package var partBytes: Int64 = 5 << 30
        /// Limits the number of unfinished uploads, in total and for each peer.
        ///
        /// Uploads that earlier processes of the server began are counted for the server itself.
        package var openUploads = Budget(total: BudgetLimits().multipartUploads)
        /// Seconds from the beginning of an upload until it expires.
        package var lifetimeSeconds: Int64 = 24 * 3_600
        /// How long a completed upload is remembered, because a client that misses the response repeats the request.
        package var rememberedSeconds: Int64 = 3_600
        /// Returns a claim that adds an upload's bytes to the use of a quota until the upload has ended; nil if no quota
        /// counts them.
        ///
        /// The owner is the key of the identity that has begun the upload, nil if the server does not identify clients.
        package var claim: @Sendable (_ owner: String?) -> (any StorageClaim)? = { _ in nil }

        package init() {}
    }

    struct State {
        enum Entry {
            /// The folder of the upload is being created.
            case beginning
            case open(MultipartUpload)
        }

        /// The unfinished uploads that this process knows.
        var uploads: [String: Entry] = [:]
        /// What each unfinished upload uses of the budget `Limits.openUploads`, by the upload's id.
        var holdings: [String: BudgetReservation] = [:]
        /// The key that `signingKey` returns; nil before it is read or made.
        var key: [UInt8]?
    }

    package let limits: Limits
    let root: ArtifactRoot
    let state = Mutex(State())

    package init(root: ArtifactRoot, limits: Limits = Limits()) {
        self.root = root
        self.limits = limits
    }

    /// Begins an upload to a path, where readers see nothing of it until `complete`.
    ///
    /// - Parameters:
    ///   - peer: the client for which `limits.openUploads` counts the upload.
    ///   - owner: the key of the identity whose quota counts the bytes; nil if the server does not identify clients.
    /// - Returns: the id, hexadecimal digits that nobody can guess, and the expiration time in Unix seconds.
    /// - Throws: `.tooManyUploads`; `ArtifactError` for a path that names no file, and for other errors of the file system.
    package func create(
        _ path: ArtifactPath,
        partCount: Int,
        for peer: Peer = .server,
        owner: String? = nil
    ) throws -> (id: String, expires: Int64) {
        if path.name == nil || path.obstacleToWriting != nil {
            throw ArtifactError.invalidPath(path.obstacleToWriting ?? .empty)
        }
        let id = Self.randomBytes(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let expires = Int64(time(nil)) + limits.lifetimeSeconds
        try root.freeSpace?.requireRoom(for: 0)
        let holding = BudgetReservation(of: limits.openUploads, for: peer)
        if !holding.grow(by: 1) {
            forgetEnded()
            guard holding.grow(by: 1) else { throw MultipartError.tooManyUploads }
        }
        state.withLock { state in
            state.uploads[id] = .beginning
            state.holdings[id] = holding
        }
        do {
            let parent = try hiddenFolder(makingIfMissing: true)
            try systemCall("mkdirat") { mkdirat(parent.descriptor.rawValue, id, 0o700) }
            let folder = try parent.folder(id)
            let record = MultipartRecord(path: path.description, partCount: partCount, expires: expires, owner: owner)
            // The shared file is created only here: a server that does not know yet that another one has completed the
            // upload must not create the file again.
            _ = try folder.open(MultipartUpload.dataName, flags: O_RDWR | O_CREAT, mode: 0o666)
            _ = try folder.open(MultipartUpload.completionName, flags: O_RDWR | O_CREAT, mode: 0o600)
            try folder.write(record.text, to: MultipartRecord.name)
            let (freeSpace, claim) = (root.freeSpace, limits.claim(owner))
            let upload = MultipartUpload(id: id, record: record, folder: folder, freeSpace: freeSpace, claim: claim)
            state.withLock { $0.uploads[id] = .open(upload) }
        } catch {
            // If the removal fails, `removeExpired` removes the folder.
            try? removeFolder(id)
            forget(id)
            throw error
        }
        return (id, expires)
    }

    /// Begins to receive a part.
    ///
    /// - Parameters:
    ///   - number: from 1 on.
    ///   - length: the number of bytes that the request announces; nil if it announces none.
    /// - Throws: `.unknownUpload`, `.unknownPart`, `.partTooLarge`; errors of the file system. If the file system can
    ///   allocate space ahead, a full disk is noticed at the first part, for which the space of all parts is allocated.
    package func beginPart(_ id: String, number: Int, length: Int64?) throws -> MultipartPart {
        guard case .open(let upload) = try find(id) else { throw MultipartError.unknownUpload }
        return try upload.beginPart(number, length: length, atMost: limits.partBytes)
    }

    /// Builds the file from the parts and moves it to its target, where it replaces an older file; the file is then durable.
    ///
    /// If all parts but the last have the same length, this costs a few disk flushes, however large the file is. If the
    /// call is repeated after a success, it succeeds and changes nothing. If the call fails, the upload stays open.
    /// - Returns: what was stored, where `duration` is the time since `create`; nil if an earlier call has completed the upload.
    /// - Throws: `.unknownUpload`, also for another path than that of `create`; `.completing`; `.missingPart` and other
    ///   errors about the list of parts; the errors of `ArtifactUpload.commit()`.
    @discardableResult
    package func complete(_ id: String, _ path: ArtifactPath, _ listed: [ListedPart]) throws -> StoredArtifact? {
        switch try find(id) {
        case .completed(let completed) where completed == path.description: return nil
        case .unknown, .completed: throw MultipartError.unknownUpload
        case .open(let upload):
            guard upload.record.path == path.description else { throw MultipartError.unknownUpload }
            do {
                return try complete(upload, path, listed)
            } catch MultipartError.unknownUpload {
                // Another connection has ended the upload since it was looked up.
                guard case .completed(let completed) = try find(id), completed == path.description else {
                    throw MultipartError.unknownUpload
                }
                return nil
            }
        }
    }

    private func complete(
        _ upload: MultipartUpload,
        _ path: ArtifactPath,
        _ listed: [ListedPart]
    ) throws -> StoredArtifact {
        // A second completion, of this server or another one, would write to the same files.
        guard let lock = try upload.lockExclusively() else { throw MultipartError.completing }
        defer { withExtendedLifetime(lock) {} }
        guard try upload.isOpenOnDisk() else { throw MultipartError.unknownUpload }
        let name = try upload.assemble(listed)
        let stored: StoredArtifact
        do {
            stored = try moveFile(name, of: upload, at: path)
        } catch {
            upload.resume()
            throw error
        }
        // The upload is forgotten before it is marked as ended: a caller that finds it ended looks it up again, and must
        // then read from the disk that it was completed.
        forget(upload.id)
        upload.state.withLock { $0.phase = .ended }
        upload.removeContents()
        let begun = upload.record.expires - limits.lifetimeSeconds
        return StoredArtifact(
            bytes: stored.bytes,
            duration: .seconds(max(Int64(time(nil)) - begun, 0)),
            isShared: stored.isShared,
            sha256: stored.sha256
        )
    }

    /// Aborts an upload and removes its parts; does nothing for an upload that is unknown, has another path, is
    /// completed, or is being completed.
    package func abort(_ id: String, _ path: ArtifactPath) throws {
        guard case .open(let upload) = try find(id), upload.record.path == path.description,
            let lock = try? upload.lockExclusively(), upload.end()
        else { return }
        defer { withExtendedLifetime(lock) {} }
        // The upload is marked as ended before its folder is removed, and forgotten only after that, so that no caller
        // opens it again meanwhile.
        defer { forget(id) }
        try removeFolder(id)
    }

    /// Removes uploads that have expired, and completed uploads that need not be remembered any longer.
    ///
    /// The server calls this when it starts and repeatedly later. The first call also opens the unfinished uploads of
    /// other processes; those that another server still uses are kept. The cost is one pass over the hidden folder.
    /// - Returns: the number of uploads removed.
    @discardableResult
    package func removeExpired() throws -> Int {
        forgetEnded()
        var removed = 0
        for id in try findExpired(endsExpired: true) {
            if (try? removeFolder(id)) != nil { removed += 1 }
            forget(id)
        }
        return removed
    }

    /// The number of uploads that `removeExpired` would remove.
    package func expiredCount() throws -> Int { try findExpired(endsExpired: false).count }

    private func findExpired(endsExpired: Bool) throws -> [String] {
        let folder: Folder
        do {
            folder = try hiddenFolder(makingIfMissing: false)
        } catch ArtifactError.notFound {
            return []
        }
        let now = Int64(time(nil))
        var expired: [String] = []
        for entry in try folder.entries() {
            guard let id = entry.text, !id.hasPrefix(Self.keyName) else { continue }
            // An upload that cannot be read is left for the next pass.
            let isRemovable = try? checkRemovable(id, in: folder, at: now, endsExpired: endsExpired)
            if isRemovable == true { expired.append(id) }
        }
        return expired
    }

    private func moveFile(
        _ name: String,
        of upload: MultipartUpload,
        at path: ArtifactPath
    ) throws(ArtifactError) -> StoredArtifact {
        do {
            return try root.beginWrite(path).commit(moving: name, from: upload.folder)
        } catch .other(errno: EXDEV, call: _) {
            // Another file system is mounted on a folder of the root. The copy needs no claim, because the bytes of the
            // upload are counted already.
            let copy = try root.beginWrite(path)
            try copy.append(upload.folder.open(name, flags: O_RDONLY))
            let stored = try copy.commit()
            _ = upload.folder.unlink(name)
            return stored
        }
    }
}
