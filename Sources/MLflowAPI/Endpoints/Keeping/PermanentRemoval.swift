internal import ArtifactStore
package import Budgets
internal import Glibc
internal import Synchronization
package import Tracking
internal import TrackingStore

/// Lets one permanent removal run at a time, because each of two removals would count the same files and fail on
/// folders that the other one has removed.
final class RemovalLock: Sendable {
    private let isRunning = Mutex(false)

    /// Runs `body` and returns its result; returns nil, without running it, if another removal is running.
    func runAlone<Value>(_ body: () throws -> Value) rethrows -> Value? {
        let isFree = isRunning.withLock { running in
            defer { running = true }
            return !running
        }
        guard isFree else { return nil }
        defer { isRunning.withLock { $0 = false } }
        return try body()
    }
}

/// The progress that one call has made in a permanent removal.
package struct RemovalProgress: Sendable {
    package var count = RemovalCount()
    /// Whether nothing is left to do except for the failures.
    package var isDone = false
    /// The folders that could not be removed, each with the reason.
    ///
    /// Their entries stay in the table of removals; without that table, their runs, models and experiments stay deleted.
    package var failures: [String] = []
    /// Where the next call continues; nil if the store has a table of removals, or if nothing is left to do.
    package var next: RemovalProgressMark?

    package init() {}
}

/// The data that a permanent removal removes in addition to deleted runs, models and experiments.
package struct RemovalExtras: Sendable {
    /// The time, in Unix milliseconds, before which entries of the artifact journal are removed; nil to keep all.
    package var journalBefore: Int64?
    /// Whether unfinished uploads that have expired are removed.
    package var removesExpiredUploads = true

    package init() {}
}

extension MLflowAPI {
    /// The number of rows that one write removes, which takes a few milliseconds.
    ///
    /// The removal uses ordinary writes and not the writer's background work, which would never run under a steady load.
    private static let rowsAtOnce = 1_500

    /// Counts what a request would remove; changes nothing.
    ///
    /// Blocks while it walks all artifact folders that would be removed.
    package func previewRemoval(_ request: RemovalRequest, _ extras: RemovalExtras) throws -> RemovalCount {
        let inUse = try artifactsInUse(excluding: request)
        let preview = try store.readNow { try $0.removalPreview(request, keeping: inUse) }
        var count = preview.count
        for owner in preview.owners where owner.kind != .experiment {
            guard let folder = try? servedFolder(of: owner) else {
                count.unservedFolders += 1
                continue
            }
            let usage = try folder.store.usage(of: folder.base)
            count.files += Int64(usage.files)
            count.bytes += usage.apparentBytes
        }
        if let time = extras.journalBefore {
            count.artifactJournalEntries = try store.readNow { try $0.journalEntryCount(before: time) }
        }
        if extras.removesExpiredUploads { count.expiredUploads = Int64(try removeExpiredUploads(isPreview: true)) }
        return count
    }

    /// Adds the runs, models and experiments that a request selects to the table of removals; blocks meanwhile.
    ///
    /// This process or another one removes them later.
    ///
    /// - Parameters:
    ///   - caller: the client, whose permission is checked again in each transaction.
    ///   - audit: the audit entry for each run, model and experiment.
    /// - Returns: the counts of deleted runs, models and experiments that are kept.
    /// - Throws: the errors of `TrackingWriting.beginRemoval`; nothing was added then.
    package func beginRemoval(
        _ request: RemovalRequest,
        for caller: Caller = .server,
        _ audit: AuditEntry? = .byCommand("gc")
    ) throws -> RemovalCount {
        let inUse = try artifactsInUse(excluding: request)
        var position: RemovalPosition? = .start
        var kept = RemovalCount()
        while let from = position {
            let part = try localStore.writeNow(for: caller) { session in
                try session.beginRemoval(request, keeping: inUse, from: from) { kind, id in
                    try session.audit(audit?.about(kind.auditKind, id))
                }
            }
            kept.add(part.kept)
            position = part.next
        }
        return kept
    }

    func artifactsInUse(excluding request: RemovalRequest) throws -> ArtifactsInUse {
        let resolvedPath = realpath(artifacts.location, nil)
        defer { free(resolvedPath) }
        // ArtifactFolders compares paths, and writes a location such as `s3://bucket/x` as `/s3:/bucket/x`.
        let bucket = artifacts.location.hasPrefix("s3://") ? artifacts.location.dropFirst("s3://".count) : nil
        let folders = ArtifactFolders(
            served: bucket.map { "/s3:/\($0)" } ?? artifacts.location,
            otherNames: resolvedPath.map { [String(cString: $0)] } ?? []
        )
        return try store.readNow { try $0.artifactsInUse(excluding: request, in: folders) }
    }

    /// Whether the table of removals contains anything; blocks while it looks this up.
    package func hasRemovals() throws -> Bool { try local?.readNow(.cheap) { try $0.hasRemovals() } ?? false }

    /// Works through the table of removals for about the given time: first the rows, then the files.
    ///
    /// Blocks meanwhile. The process may end at any moment, and another process may continue the removal, because the
    /// entry of a run, model or experiment is deleted only when everything of it has been removed.
    /// - Parameter audit: the audit entry that is stored when entries of the artifact journal are removed.
    /// - Throws: `.temporarilyUnavailable` if another removal is running.
    package func continueRemoval(
        for duration: Duration,
        _ extras: RemovalExtras,
        _ audit: AuditEntry? = .byCommand("gc")
    ) throws -> RemovalProgress {
        guard let progress = try continueRemovalUnlessRunning(for: duration, extras, audit) else {
            throw TrackingError(.temporarilyUnavailable, "Another removal is running; try again in a moment.")
        }
        return progress
    }

    /// Does the same as `continueRemoval`, but returns nil if another removal is running.
    package func continueRemovalUnlessRunning(
        for duration: Duration,
        _ extras: RemovalExtras,
        _ audit: AuditEntry? = nil
    ) throws -> RemovalProgress? {
        // Owed entries of the journal about files that are removed now must not be written afterwards.
        try writeOwedEntries()
        return try removalLock.runAlone { try continueAlone(until: .now + duration, extras, audit) }
    }

    private func continueAlone(
        until end: ContinuousClock.Instant,
        _ extras: RemovalExtras,
        _ audit: AuditEntry?
    ) throws -> RemovalProgress {
        var progress = RemovalProgress()
        var areRowsRemoved = false
        while !areRowsRemoved {
            let part = try localStore.writeNow { try $0.removeRows(atMost: Self.rowsAtOnce) }
            progress.count.add(part.count)
            // Tokens that were limited to removed experiments must no longer refer to them.
            if part.count.experiments > 0 { try settings.access?.reload() }
            areRowsRemoved = part.isDone
            if .now >= end { return progress }
        }
        while true {
            let failed = progress.failures.count
            let owners = try localStore.readNow(.cheap) { try $0.removedOwners(limit: 64, skipping: failed) }
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
        progress.isDone = try removeExtras(extras, audit, &progress, until: end)
        return progress
    }

    /// Removes old entries of the artifact journal and expired uploads; returns false if the time is over before all are removed.
    func removeExtras(
        _ extras: RemovalExtras,
        _ audit: AuditEntry?,
        _ progress: inout RemovalProgress,
        until end: ContinuousClock.Instant
    ) throws -> Bool {
        if let time = extras.journalBefore {
            while true {
                let removed = try store.writeNow { session in
                    let removed = try session.trimArtifactJournal(before: time, limit: Self.rowsAtOnce)
                    var entry = audit
                    entry?.describe([("artifact_journal_entries", String(removed))])
                    if removed > 0 { try session.audit(entry) }
                    return removed
                }
                progress.count.artifactJournalEntries += Int64(removed)
                if removed < Self.rowsAtOnce { break }
                if .now >= end { return false }
            }
        }
        if extras.removesExpiredUploads { progress.count.expiredUploads += Int64(try removeExpiredUploads()) }
        return true
    }

    /// Removes uploads in parts that have expired.
    ///
    /// - Parameter isPreview: whether such uploads are only counted.
    /// - Returns: the number of such uploads.
    @discardableResult
    package func removeExpiredUploads(isPreview: Bool = false) throws -> Int {
        if let multipartUploads {
            return isPreview ? try multipartUploads.expiredCount() : try multipartUploads.removeExpired()
        }
        return try artifacts.directTransfers?.removeExpiredUploads(isPreview: isPreview) ?? 0
    }

    /// Removes the artifact folder of a removed run, model or experiment, records the deletion of its files in the
    /// artifact journal, and deletes the entry in the table of removals.
    private func removeFolder(of owner: PendingFolderRemoval, _ count: inout RemovalCount) throws {
        let wasCreatedAgain = try localStore.readNow(.cheap) { try $0.exists(owner.kind, owner.id) }
        guard !wasCreatedAgain else { return try endRemoval(of: owner, nil) }
        let folder: ServedFolder
        do {
            folder = try servedFolder(of: owner)
        } catch is TrackingError {
            // This server does not open the folder, or others may use the folder too.
            if owner.kind != .experiment { count.unservedFolders += 1 }
            return try endRemoval(of: owner, nil)
        }
        try artifactLocks.runAlone(on: folder.base) {
            try endRemoval(of: owner, try delete(folder, of: owner, &count), emptying: folder.base)
        }
    }

    /// Removes the artifact folder of a run, model or experiment.
    ///
    /// - Returns: nil if this server does not open the folder, or others may use the folder too.
    func removeFiles(of owner: PendingFolderRemoval, _ count: inout RemovalCount) throws -> RemovedFiles? {
        let folder: ServedFolder
        do {
            folder = try servedFolder(of: owner)
        } catch is TrackingError { return nil }
        return try artifactLocks.runAlone(on: folder.base) {
            let event = try delete(folder, of: owner, &count)
            return RemovedFiles(event: event, path: owner.kind == .experiment ? nil : folder.base.description)
        }
    }

    /// Deletes the entry in the table of removals, and records the deletion of files.
    ///
    /// - Parameter path: the folder that is now empty. If `event` is nil, an interrupted removal may have emptied the
    ///   folder without recording it.
    private func endRemoval(
        of owner: PendingFolderRemoval,
        _ event: ArtifactEvent?,
        emptying path: ArtifactPath? = nil
    ) throws {
        let changes = try localStore.writeNow { session in
            var changes = try event.map { try session.add($0) } ?? []
            if let path, event == nil, owner.kind != .experiment {
                changes = try session.forgetStored(path.description)
            }
            try session.endRemoval(rows: [owner.row])
            return changes
        }
        settings.quotas?.apply(changes)
    }

    private func delete(
        _ folder: ServedFolder,
        of owner: PendingFolderRemoval,
        _ count: inout RemovalCount
    ) throws -> ArtifactEvent? {
        guard owner.kind != .experiment else {
            // Only empty folders are removed, because a client may have chosen the same folder for several experiments.
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

    /// Returns the artifact folder of a removed run, model or experiment.
    ///
    /// - Throws: `.invalidParameterValue` for a folder that this server does not open, and for a folder whose path does
    ///   not contain the id of the run or model, because others may use such a folder too.
    private func servedFolder(of owner: PendingFolderRemoval) throws -> ServedFolder {
        let folder: ServedFolder
        do {
            folder = try self.folder(at: owner.location, owner: "\(owner.kind.noun) \(owner.id)")
        } catch let error as ArtifactError {
            throw TrackingError.invalidParameter(error.message(for: owner.location))
        }
        guard owner.kind == .experiment || folder.base.components.contains(where: { $0.isExactly(owner.id) }) else {
            throw TrackingError.invalidParameter("'\(owner.location)' does not contain the id \(owner.id).")
        }
        return folder
    }

    static func reason(_ error: any Error, _ path: String) -> String {
        (error as? ArtifactError)?.message(for: path) ?? (error as? TrackingError)?.message ?? "\(error)"
    }
}
