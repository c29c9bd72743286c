internal import ArtifactStore
internal import Coding
internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    var artifactJournalEndpoints: [[Endpoint]] {
        [endpoint(.get, .apus, "artifacts/journal", .search(.runID), pages: .journal, getArtifactJournal)]
    }

    /// Makes an upload visible, adds it to the journal, and calls `answer` when the entry is durable.
    ///
    /// - Parameters:
    ///   - runID: the run of the artifact; nil to derive it from the path.
    ///   - owner: the identity that sent the file; nil if the server requires no identification.
    ///   - checkPermission: throws if the sender has lost the permission; called after earlier changes of the file.
    /// - Throws: the errors of `checkPermission`, `writeOwedEntries` and `PendingArtifact.commit()`, without a call of `answer`.
    func commitAndJournal(
        _ upload: any PendingArtifact,
        at path: ArtifactPath,
        runID: String?,
        owner: StorageOwner?,
        ifAllowed checkPermission: () throws -> Void,
        then answer: @escaping @Sendable ((any Error)?) -> Void
    ) throws {
        try artifactLocks.runAlone(on: path) {
            do {
                try checkPermission()
                try writeOwedEntries()
            } catch {
                upload.abort()
                throw error
            }
            journal(try upload.commit(), at: path, runID: runID, owner: owner, claim: upload.claim, then: answer)
        }
    }

    /// Adds a committed upload to the journal, and calls `answer` as `journal(_:then:)` does.
    ///
    /// - Parameters:
    ///   - runID: the run of the artifact; nil to derive it from the path.
    ///   - owner: the identity that sent the file; nil if the server requires no identification.
    func journal(
        _ artifact: StoredArtifact,
        at path: ArtifactPath,
        runID: String?,
        owner: StorageOwner?,
        claim: (any StorageClaim)? = nil,
        then answer: @escaping @Sendable ((any Error)?) -> Void
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

    /// Deletes a file or folder, and calls `answer` when the deletion is in the journal; if nothing existed, when the stored
    /// size of the path is correct.
    ///
    /// - Parameters:
    ///   - audit: the audit entry that is stored together with the journal's entry.
    ///   - checkPermission: throws if the client has lost the permission; called after earlier changes of the files.
    /// - Throws: the errors of `checkPermission`, `writeOwedEntries` and `ArtifactStorage.delete`, without a call of `answer`;
    ///   files that were deleted before the error are in the journal.
    func deleteAndJournal(
        _ path: ArtifactPath,
        of root: any ArtifactStorage,
        _ audit: AuditEntry?,
        ifAllowed checkPermission: () throws -> Void,
        then answer: @escaping @Sendable ((any Error)?) -> Void
    ) throws {
        try artifactLocks.runAlone(on: path) {
            try checkPermission()
            try writeOwedEntries()
            try deleteAndJournalLocked(path, of: root, audit, then: answer)
        }
    }

    private func deleteAndJournalLocked(
        _ path: ArtifactPath,
        of root: any ArtifactStorage,
        _ audit: AuditEntry?,
        then answer: @escaping @Sendable ((any Error)?) -> Void
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
            let existed = try root.delete(path) { size in
                bytes += size
                files += 1
            }
            if existed { journal(event(), audit, then: answer) } else { correctStoredSize(of: path, then: answer) }
        } catch {
            if files > 0 {
                var part = event()
                part.isPartial = true
                journal(part, audit) { _ in }
            }
            throw error
        }
    }

    private func getArtifactJournal(_ message: RequestMessage) throws -> Operation {
        var query = ArtifactJournalQuery(maxResults: try message.checkedPageSize(message.pageSize()))
        query.runID = try message.string("run_id").flatMap { $0.isEmpty ? nil : $0 }
        if let text = try message.string("path"), !text.isEmpty {
            do {
                query.path = try ArtifactPath(text).description
            } catch { throw TrackingError.invalidParameter(error.message(for: text)) }
        }
        query.since = try message.integer("since")
        query.pageToken = try message.string("page_token")
        return .read { [query] session in
            let page = try session.findArtifactEvents(query)
            return (entries: try page.whole(in: session), nextPageToken: page.nextPageToken)
        } encode: { page in
            .jsonObject(capacity: 64 + 320 * page.entries.count) { writer in
                writer.memberArray("entries") { writer in
                    for entry in page.entries { writer.write(entry) }
                }
                writer.member("next_page_token", ifPresent: page.nextPageToken)
            }
        }
    }
}

extension ArtifactPath {
    /// The run id in a path such as `<experiment>/<run>/artifacts/…`: the name before `artifacts`, if it looks like an id.
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
    fileprivate var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
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
