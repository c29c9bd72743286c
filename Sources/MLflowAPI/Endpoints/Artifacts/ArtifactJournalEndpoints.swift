internal import ArtifactStore
internal import Coding
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    var artifactJournalEndpoints: [[Endpoint]] {
        [endpoint(.get, .apus, "artifacts/journal", .search(.runID), pages: .journal, getArtifactJournal)]
    }

    /// Journals an event that has already changed the files, and calls `answer` when the entry is durable.
    ///
    /// The entry is part of the next group commit. If it cannot be written, for example because the disk of the
    /// database is full, the failure is reported and `answer` is called all the same: the artifact has been stored or
    /// deleted, and after an error the client would send the request again.
    /// Without a journal, the entry of the audit alone is written.
    /// Call from a thread that may block: if the writer is idle, it commits on the calling thread.
    /// - Parameters:
    ///   - audit: the entry of the audit that is written with it.
    ///   - claim: what the upload has taken of a quota; the bytes count as stored from now on.
    ///   - answer: called once, on the writer's or the calling thread; must be quick.
    func journal(
        _ event: ArtifactEvent,
        _ audit: AuditEntry? = nil,
        claim: (any StorageClaim)? = nil,
        then answer: @escaping @Sendable () -> Void
    ) {
        guard let local else { return auditAlone(event, audit, claim, then: answer) }
        local.write(
            { session in
                let changes = try session.add(event)
                try session.audit(audit)
                return changes
            },
            mayBlock: true
        ) { result in
            switch result {
            case .success(let changes): settings.quotas?.note(changes)
            case .failure(let error): reportFailure(UnwrittenJournalEntry(event: event, cause: error))
            }
            claim?.release()
            answer()
        }
    }

    /// Does what `journal` does for a store without a journal of artifacts.
    private func auditAlone(
        _ event: ArtifactEvent,
        _ audit: AuditEntry?,
        _ claim: (any StorageClaim)?,
        then answer: @escaping @Sendable () -> Void
    ) {
        guard let audit else {
            claim?.release()
            return answer()
        }
        store.write({ try $0.audit(audit) }) { result in
            if case .failure(let error) = result { reportFailure(UnwrittenJournalEntry(event: event, cause: error)) }
            claim?.release()
            answer()
        }
    }

    /// Puts an upload in its place, and calls `answer` when that is journalled.
    ///
    /// - Parameters:
    ///   - runID: nil if only the path can show the run.
    ///   - owner: who has sent it; nil where nobody is asked.
    ///   - requireRight: throws if the sender may not do that any more; asked when the turn of the upload has come.
    /// - Throws: what `requireRight` and `PendingArtifact.commit()` throw; `answer` is then not called.
    func commitAndJournal(
        _ upload: any PendingArtifact,
        at path: ArtifactPath,
        runID: String?,
        owner: StorageOwner?,
        ifAllowed requireRight: () throws -> Void,
        then answer: @escaping @Sendable () -> Void
    ) throws {
        try artifactTurns.take(path) {
            do {
                try requireRight()
            } catch {
                upload.abort()
                throw error
            }
            journal(try upload.commit(), at: path, runID: runID, owner: owner, claim: upload.claim, then: answer)
        }
    }

    /// Journals an upload that has been committed, and calls `answer` as `journal(_:then:)` does.
    ///
    /// - Parameters:
    ///   - runID: nil if only the path can show the run.
    ///   - owner: who has sent it; nil where nobody is asked.
    func journal(
        _ artifact: StoredArtifact,
        at path: ArtifactPath,
        runID: String?,
        owner: StorageOwner?,
        claim: (any StorageClaim)? = nil,
        then answer: @escaping @Sendable () -> Void
    ) {
        var event = ArtifactEvent(
            kind: .upload,
            path: path.description,
            runID: runID ?? path.likelyRunID,
            bytes: artifact.bytes,
            microseconds: artifact.duration.microseconds
        )
        event.isShared = artifact.isShared
        event.sha256 = artifact.sha256
        event.owner = owner
        journal(event, claim: claim, then: answer)
    }

    /// Deletes a file or a folder, and calls `answer` when the deletion is journalled; if nothing was there, at once.
    ///
    /// - Parameters:
    ///   - audit: the entry that is written with that of the journal.
    ///   - requireRight: throws if the client may not do that any more; asked when the turn of the deletion has come.
    /// - Throws: what `requireRight` throws, with nothing deleted; what `ArtifactStorage.delete` throws: files deleted before
    ///   are journalled. `answer` is then not called.
    func deleteAndJournal(
        _ path: ArtifactPath,
        of root: any ArtifactStorage,
        _ audit: AuditEntry?,
        ifAllowed requireRight: () throws -> Void,
        then answer: @escaping @Sendable () -> Void
    ) throws {
        try artifactTurns.take(path) {
            try requireRight()
            try deleteAndJournalInTurn(path, of: root, audit, then: answer)
        }
    }

    private func deleteAndJournalInTurn(
        _ path: ArtifactPath,
        of root: any ArtifactStorage,
        _ audit: AuditEntry?,
        then answer: @escaping @Sendable () -> Void
    ) throws(ArtifactError) {
        let start = ContinuousClock.now
        var bytes: Int64 = 0
        var files = 0
        func event() -> ArtifactEvent {
            ArtifactEvent(
                kind: .deletion,
                path: path.description,
                runID: path.likelyRunID,
                bytes: bytes,
                microseconds: (.now - start).microseconds
            )
        }
        do throws(ArtifactError) {
            let wasThere = try root.delete(path) { size in
                bytes += size
                files += 1
            }
            if wasThere { journal(event(), audit, then: answer) } else { forget(path, then: answer) }
        } catch {
            if files > 0 {
                var part = event()
                part.isPartial = true
                journal(part, audit) {}
            }
            throw error
        }
    }

    /// Gives back what a deletion that was cut off has removed without noting it.
    private func forget(_ path: ArtifactPath, then answer: @escaping @Sendable () -> Void) {
        guard let local else { return answer() }
        local.write({ try $0.forgetStored(path.description) }, mayBlock: true) { result in
            if case .success(let changes) = result { settings.quotas?.note(changes) }
            answer()
        }
    }

    private func getArtifactJournal(_ message: RequestMessage) throws -> Operation {
        var query = ArtifactJournalQuery(maxResults: try message.checkedPageSize(message.pageSize()))
        query.runID = try message.string("run_id").flatMap { $0.isEmpty ? nil : $0 }
        if let text = try message.string("path"), !text.isEmpty {
            do {
                query.path = try ArtifactPath(text).description
            } catch {
                throw TrackingError.invalidParameter(error.message(for: text))
            }
        }
        query.since = try message.integer("since")
        query.pageToken = try message.string("page_token")
        return .read { [query] session in
            let page = try ReadSession.own(session).findArtifactEvents(query)
            return (entries: try page.whole(in: session), nextPageToken: page.nextPageToken)
        } encode: { page in
            .json(capacity: 64 + 320 * page.entries.count) { writer in
                writer.beginObject()
                writer.memberArray("entries") { writer in
                    for entry in page.entries { writer.write(entry) }
                }
                writer.member("next_page_token", ifPresent: page.nextPageToken)
                writer.endObject()
            }
        }
    }
}

/// An event that could not be journalled; the artifact itself was stored or deleted as the client was told.
private struct UnwrittenJournalEntry: Error, CustomStringConvertible {
    let event: ArtifactEvent
    let cause: any Error

    var description: String { "the \(event.kind) of '\(event.path)' is not in the journal: \(cause)" }
}

extension ArtifactPath {
    /// The run of a path such as `<experiment>/<run>/artifacts/…`: what stands before `artifacts` and looks like an id.
    fileprivate var likelyRunID: String? {
        zip(components, components.dropFirst()).first { candidate, next in
            next == "artifacts" && candidate.utf8.count == 32
                && candidate.utf8.allSatisfy {
                    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
                }
        }?.0
    }
}

extension Duration {
    fileprivate var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ entry: ArtifactJournalEntry) {
        let event = entry.event
        beginObject()
        member("time", entry.time)
        member("operation", event.kind == .upload ? "UPLOAD" : "DELETE")
        member("path", event.path)
        if let runID = event.runID { member("run_id", runID) }
        member("bytes", event.bytes)
        member("duration_microseconds", event.microseconds)
        if event.kind == .upload { member("deduplicated", event.isShared) }
        if let sha256 = event.sha256 { member("sha256", Hexadecimal.text(sha256)) }
        endObject()
    }
}
