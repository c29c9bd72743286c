internal import ArtifactStore
internal import Budgets
internal import Glibc
internal import Synchronization
package import Tracking
internal import TrackingStore

/// Lets one removal for good run at a time: two would count the same files, and fail over each other's folders.
final class RemovalTurn: Sendable {
    private let isTaken = Mutex(false)

    /// Runs `body`, or returns nil when another removal runs.
    func take<Value>(_ body: () throws -> Value) rethrows -> Value? {
        let isFree = isTaken.withLock { taken in
            defer { taken = true }
            return !taken
        }
        guard isFree else { return nil }
        defer { isTaken.withLock { $0 = false } }
        return try body()
    }
}

/// What one part of a removal for good has done.
package struct RemovalProgress: Sendable {
    package var count = RemovalCount()
    /// Whether nothing is left to do, except what failed.
    package var isDone = false
    /// Folders that could not be removed, each with the reason; they stay on the list.
    package var failures: [String] = []

    package init() {}
}

/// What else is removed beside deleted things.
package struct RemovalExtras: Sendable {
    /// Unix milliseconds: entries of the artifact journal that are older are removed; nil keeps all.
    package var journalBefore: Int64?
    /// Whether uploads that were never finished are removed, as far as they have expired.
    package var removesExpiredUploads = true

    package init() {}
}

extension MLflowAPI {
    /// Rows that one call to the writer removes: it takes a few milliseconds, and other requests wait no longer.
    ///
    /// It stands in the line of requests: the writer's background lane would never have its turn under a steady load.
    private static let rowsAtOnce = 1_500

    /// Says what a request would remove; changes nothing.
    ///
    /// Blocks while it walks the folders of all that is meant.
    package func previewRemoval(_ request: RemovalRequest, _ extras: RemovalExtras) throws -> RemovalCount {
        let inUse = try artifactsInUse(besides: request)
        let preview = try store.readNow { try $0.removalPreview(request, keeping: inUse) }
        var count = preview.count
        for owner in preview.owners where owner.kind != .experiment {
            guard let folder = try? servedFolder(of: owner) else {
                count.elsewhere += 1
                continue
            }
            let usage = try folder.store.usage(of: folder.base)
            count.files += Int64(usage.files)
            count.bytes += usage.apparentBytes
        }
        if let time = extras.journalBefore {
            count.journalEntries = try store.readNow { try $0.journalEntryCount(before: time) }
        }
        if extras.removesExpiredUploads { count.uploads = Int64(try removeExpiredUploads(isPreview: true)) }
        return count
    }

    /// Puts what a request names on the list of removals, where it stays until it is removed, by whatever process.
    ///
    /// - Parameter audit: the entry that the audit gets for each of these things.
    /// - Returns: the deleted things that stay.
    /// - Throws: the refusals of `TrackingWriting.beginRemoval`; then nothing was put on the list.
    package func beginRemoval(
        _ request: RemovalRequest,
        _ audit: AuditEntry? = .byCommand("gc")
    ) throws -> RemovalCount {
        let inUse = try artifactsInUse(besides: request)
        var position: RemovalPosition? = .start
        var kept = RemovalCount()
        while let from = position {
            let part = try store.writeNow { session in
                try session.beginRemoval(request, keeping: inUse, from: from) { kind, id in
                    try session.audit(audit?.about(kind.audited, id))
                }
            }
            kept.add(part.kept)
            position = part.next
        }
        return kept
    }

    private func artifactsInUse(besides request: RemovalRequest) throws -> ArtifactsInUse {
        let whole = realpath(artifacts.location, nil)
        defer { free(whole) }
        // The form that locations in object storages get there.
        let bucket = artifacts.location.hasPrefix("s3://") ? artifacts.location.dropFirst("s3://".count) : nil
        let folders = ArtifactFolders(
            served: bucket.map { "/s3:/\($0)" } ?? artifacts.location,
            otherNames: whole.map { [String(cString: $0)] } ?? []
        )
        return try store.readNow { try $0.artifactsInUse(besides: request, in: folders) }
    }

    /// Whether something is on the list of removals.
    package func hasRemovals() throws -> Bool {
        try store.readNow(.cheap) { try $0.hasRemovals() }
    }

    /// Works on the list of removals for about the given time: first the rows, then the files.
    ///
    /// It may be ended at any moment, and called again by another process: a thing is taken off the list only when
    /// nothing of it is left. Blocks.
    /// - Parameter audit: the entry that the audit gets when entries of the artifact journal are removed.
    /// - Throws: `.temporarilyUnavailable` while another removal runs.
    package func continueRemoval(
        for duration: Duration,
        _ extras: RemovalExtras,
        _ audit: AuditEntry? = .byCommand("gc")
    ) throws -> RemovalProgress {
        guard let progress = try continueRemovalUnlessRunning(for: duration, extras, audit) else {
            throw TrackingError(.temporarilyUnavailable, "Another removal runs just now; try again in a moment.")
        }
        return progress
    }

    /// As `continueRemoval`, but returns nil while another removal runs.
    package func continueRemovalUnlessRunning(
        for duration: Duration,
        _ extras: RemovalExtras,
        _ audit: AuditEntry? = nil
    ) throws -> RemovalProgress? {
        try removalTurn.take { try continueAlone(until: .now + duration, extras, audit) }
    }

    private func continueAlone(
        until end: ContinuousClock.Instant,
        _ extras: RemovalExtras,
        _ audit: AuditEntry?
    ) throws -> RemovalProgress {
        var progress = RemovalProgress()
        var isWithoutRows = false
        while !isWithoutRows {
            let part = try store.writeNow { try $0.removeRows(atMost: Self.rowsAtOnce) }
            progress.count.add(part.count)
            // Tokens are no longer for what is gone.
            if part.count.experiments > 0 { try settings.access?.reload() }
            isWithoutRows = part.isDone
            if .now >= end { return progress }
        }
        while true {
            let failed = progress.failures.count
            let owners = try store.readNow(.cheap) { try $0.removedOwners(limit: 64, skipping: failed) }
            if owners.isEmpty { break }
            for owner in owners {
                do {
                    try removeFolder(of: owner, &progress.count)
                } catch {
                    progress.failures.append("\(owner.location): \(Self.reason(error, owner.location))")
                }
                if .now >= end { return progress }
            }
        }
        if let time = extras.journalBefore {
            while true {
                let removed = try store.writeNow { session in
                    let removed = try session.trimArtifactJournal(before: time, limit: Self.rowsAtOnce)
                    var entry = audit
                    entry?.describe([("artifact_journal_entries", String(removed))])
                    if removed > 0 { try session.audit(entry) }
                    return removed
                }
                progress.count.journalEntries += Int64(removed)
                if removed < Self.rowsAtOnce { break }
                if .now >= end { return progress }
            }
        }
        if extras.removesExpiredUploads { progress.count.uploads += Int64(try removeExpiredUploads()) }
        progress.isDone = true
        return progress
    }

    /// Removes uploads in parts that no client goes on with.
    ///
    /// - Parameter isPreview: only counts them.
    /// - Returns: how many there are.
    @discardableResult
    package func removeExpiredUploads(isPreview: Bool = false) throws -> Int {
        if let multipartUploads {
            return isPreview ? try multipartUploads.expiredCount() : try multipartUploads.removeExpired()
        }
        return try artifacts.direct?.removeExpiredUploads(isPreview: isPreview) ?? 0
    }

    /// Removes the folder of artifacts and takes the thing off the list; the journal tells of the files.
    private func removeFolder(of owner: RemovedOwner, _ count: inout RemovalCount) throws {
        let wasMadeAnew = try store.readNow(.cheap) { try $0.exists(owner.kind, owner.id) }
        guard !wasMadeAnew else { return try endRemoval(of: owner, nil) }
        let folder: ServedFolder
        do {
            folder = try servedFolder(of: owner)
        } catch is TrackingError {
            // A folder that this server does not open, or that is not the thing's alone.
            if owner.kind != .experiment { count.elsewhere += 1 }
            return try endRemoval(of: owner, nil)
        }
        try artifactTurns.take(folder.base) {
            try endRemoval(of: owner, try delete(folder, of: owner, &count), emptying: folder.base)
        }
    }

    /// - Parameter path: where nothing is stored any more; a removal that was cut off may have emptied it.
    private func endRemoval(
        of owner: RemovedOwner,
        _ event: ArtifactEvent?,
        emptying path: ArtifactPath? = nil
    ) throws {
        let changes = try store.writeNow { session in
            var changes = try event.map { try session.add($0) } ?? []
            if let path, event == nil, owner.kind != .experiment {
                changes = try session.forgetStored(path.description)
            }
            try session.endRemoval(rows: [owner.row])
            return changes
        }
        settings.quotas?.note(changes)
    }

    private func delete(
        _ folder: ServedFolder,
        of owner: RemovedOwner,
        _ count: inout RemovalCount
    ) throws -> ArtifactEvent? {
        guard owner.kind != .experiment else {
            // Only what stands empty: a client may have named this place for several experiments.
            for path in [try folder.base.appending(ArtifactPath("models")), folder.base] {
                try folder.store.removeIfEmpty(path)
            }
            return nil
        }
        let start = ContinuousClock.now
        var bytes: Int64 = 0
        var files: Int64 = 0
        _ = try folder.store.delete(folder.base) { size in
            bytes += size
            files += 1
        }
        if let parent = folder.base.parent, parent.name == owner.id { try folder.store.removeIfEmpty(parent) }
        count.files += files
        count.bytes += bytes
        guard files > 0 else { return nil }
        return ArtifactEvent(
            kind: .deletion,
            path: folder.base.description,
            runID: nil,
            bytes: bytes,
            microseconds: Int64((.now - start) / .microseconds(1))
        )
    }

    /// The folder of a thing's artifacts.
    ///
    /// - Throws: `.invalidParameterValue` for one that this server does not open, and for one whose path does not hold
    ///   the id of the run or model: it may be others' too.
    private func servedFolder(of owner: RemovedOwner) throws -> ServedFolder {
        let folder: ServedFolder
        do {
            folder = try self.folder(at: owner.location, owner: "\(owner.kind.noun) \(owner.id)")
        } catch let error as ArtifactError {
            throw TrackingError.invalidParameter(error.message(for: owner.location))
        }
        guard owner.kind == .experiment || folder.base.components.contains(where: { $0.isExactly(owner.id) }) else {
            throw TrackingError.invalidParameter("'\(owner.location)' does not hold the id \(owner.id).")
        }
        return folder
    }

    private static func reason(_ error: any Error, _ path: String) -> String {
        (error as? ArtifactError)?.message(for: path) ?? (error as? TrackingError)?.message ?? "\(error)"
    }
}
