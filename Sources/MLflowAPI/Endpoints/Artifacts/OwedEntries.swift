internal import ArtifactStore
internal import Synchronization
internal import Tracking

/// The owed entries: those of the artifact journal and the audit log that could not be written after files had changed.
///
/// They are kept in memory, together with the uploads' claims on quotas, and are written before artifacts change again. There are
/// therefore hardly more owed entries than requests that ran when the database failed.
final class OwedEntries: Sendable {
    /// What is written to the database about one change.
    struct Entry: Sendable {
        /// The number of the change, in the order of all changes.
        let number: UInt64
        let event: ArtifactEvent
        let audit: AuditEntry?
        /// The bytes of an upload, which are claimed until they count as stored.
        let claim: (any StorageClaim)?
        /// Whether a later change of the same files is in the journal already, so that this entry is left out.
        fileprivate(set) var isOutdated = false

        func write(to session: any TrackingWriting, keepsJournal: Bool) throws -> [StoredChange] {
            let changes = keepsJournal && !isOutdated ? try session.add(event) : []
            try session.audit(audit)
            return changes
        }
    }

    private struct State {
        var lastNumber: UInt64 = 0
        /// In the order of their numbers.
        var entries: [Entry] = []
        var isWriting = false
        var listener: (@Sendable () -> Void)?
    }

    /// If this many entries are owed while the disk of the database is full, changes of artifacts are refused.
    static let limit = 1_000

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.entries.count } }

    /// Calls `body`, which must be quick, each time an entry is added while no other is owed.
    func listen(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.listener = body } }

    /// Returns the entry for a change that has just been made.
    func entry(for event: ArtifactEvent, _ audit: AuditEntry?, _ claim: (any StorageClaim)?) -> Entry {
        state.withLock { state in
            state.lastNumber += 1
            return Entry(number: state.lastNumber, event: event, audit: audit, claim: claim)
        }
    }

    /// Keeps an entry that could not be written; returns whether it is the only one.
    func add(_ entry: Entry) -> Bool {
        let (isFirst, listener) = state.withLock { state in
            let isFirst = state.entries.isEmpty
            let index = state.entries.firstIndex { $0.number > entry.number } ?? state.entries.endIndex
            state.entries.insert(entry, at: index)
            return (isFirst, isFirst ? state.listener : nil)
        }
        listener?()
        return isFirst
    }

    /// Notes that an entry was written; owed entries about earlier changes of the same files are now outdated.
    func noteWritten(_ entry: Entry) {
        state.withLock { state in
            for index in state.entries.indices
            where state.entries[index].number < entry.number && state.entries[index].event.concerns(entry.event) {
                state.entries[index].isOutdated = true
            }
        }
    }

    /// Returns the oldest entry, which the caller writes now; nil if nothing is owed.
    ///
    /// - Throws: `.temporarilyUnavailable` while another thread writes one, so that threads do not wait for each other.
    func beginWriting() throws(TrackingError) -> Entry? {
        let (isBusy, entry) = state.withLock { state -> (Bool, Entry?) in
            guard let first = state.entries.first else { return (false, nil) }
            if state.isWriting { return (true, nil) }
            state.isWriting = true
            return (false, first)
        }
        guard !isBusy else {
            throw TrackingError(
                .temporarilyUnavailable,
                "Earlier changes of artifacts are being recorded in the database; try again in a moment."
            )
        }
        return entry
    }

    /// - Parameter isSettled: whether the entry is no longer owed.
    func endWriting(_ entry: Entry, isSettled: Bool) {
        state.withLock { state in
            state.isWriting = false
            if isSettled { state.entries.removeAll { $0.number == entry.number } }
        }
    }
}

extension ArtifactEvent {
    /// Whether the events are about the same file or folder, or one about a folder that contains the other's.
    fileprivate func concerns(_ other: ArtifactEvent) -> Bool {
        path == other.path || path.hasPrefix(other.path + "/") || other.path.hasPrefix(path + "/")
    }
}

extension MLflowAPI {
    /// Whether entries about changes of artifacts are owed.
    package var hasOwedEntries: Bool { owedEntries.count > 0 }

    /// Calls `body` when an entry is owed, so that `writeOwedEntries` is called later.
    package func listenForOwedEntries(_ body: @escaping @Sendable () -> Void) { owedEntries.listen(body) }

    /// Writes the entries that are owed; blocks meanwhile.
    ///
    /// This is called before artifacts change again, and in the background.
    /// - Throws: the error of the store, and `.temporarilyUnavailable` while another thread writes an entry; artifacts must not
    ///   change then. A full disk of the database is an error only if many entries are owed.
    package func writeOwedEntries() throws {
        let keepsJournal = store.keepsArtifactJournal
        while let entry = try owedEntries.beginWriting() {
            do {
                let changes = try store.writeNow { try entry.write(to: $0, keepsJournal: keepsJournal) }
                settings.quotas?.apply(changes)
            } catch {
                let failure = WriteFailure(error)
                guard failure == .permanent else {
                    owedEntries.endWriting(entry, isSettled: false)
                    if failure == .fullDisk, owedEntries.count < OwedEntries.limit { return }
                    throw error
                }
                reportFailure(UnwrittenJournalEntry(event: entry.event, cause: error))
            }
            owedEntries.endWriting(entry, isSettled: true)
            entry.claim?.release()
        }
    }

    /// Adds an event, which has already changed the files, to the journal, and calls `answer` when the entry is durable.
    ///
    /// The entry is part of the next group commit. If it cannot be written now, it is owed, and the client is told to send the
    /// request again. If the disk of the database is full, the entry is owed too, but the request succeeds: the client would not
    /// repeat it, and a training run would lose an artifact that is stored. Any other failure is only reported. Without a
    /// journal, only the audit entry is written. The calling thread must be allowed to block: an idle writer commits on it.
    /// - Parameters:
    ///   - audit: the audit entry that is stored in the same transaction.
    ///   - claim: the upload's claim on a quota; the bytes count as stored from now on.
    ///   - answer: called once, with the error to answer or nil, on the writer's or the calling thread; must be quick.
    func journal(
        _ event: ArtifactEvent,
        _ audit: AuditEntry? = nil,
        claim: (any StorageClaim)? = nil,
        then answer: @escaping @Sendable ((any Error)?) -> Void
    ) {
        let keepsJournal = store.keepsArtifactJournal
        guard keepsJournal || audit != nil else {
            claim?.release()
            return answer(nil)
        }
        let entry = owedEntries.entry(for: event, audit, claim)
        store.write({ try entry.write(to: $0, keepsJournal: keepsJournal) }, mayBlock: true) { result in
            switch result {
            case .success(let changes):
                settings.quotas?.apply(changes)
                owedEntries.noteWritten(entry)
                claim?.release()
                answer(nil)
            case .failure(let error): answer(owe(entry, error))
            }
        }
    }

    /// Keeps an entry that could not be written; returns the error to answer, or nil if the change is to succeed.
    private func owe(_ entry: OwedEntries.Entry, _ error: any Error) -> (any Error)? {
        let failure = WriteFailure(error)
        let unwritten = UnwrittenJournalEntry(event: entry.event, cause: error)
        guard failure != .permanent else {
            reportFailure(unwritten)
            entry.claim?.release()
            return nil
        }
        // Of a series, only the first entry is reported.
        if owedEntries.add(entry) { reportFailure(unwritten) }
        guard failure == .temporary else { return nil }
        let isReadOnly = (error as? TrackingError)?.code == .permissionDenied
        let change = entry.event.kind == .upload ? "stored" : "deleted"
        return TrackingError(
            isReadOnly ? .permissionDenied : .temporarilyUnavailable,
            "'\(shortened(entry.event.path))' is \(change), but this could not be recorded in the database, which "
                + "\(isReadOnly ? "accepts no changes" : "does not answer or is locked"). Send the request again."
        )
    }

    /// Corrects the stored size of a path whose files an interrupted deletion has removed without a journal entry.
    func correctStoredSize(of path: ArtifactPath, then answer: @escaping @Sendable ((any Error)?) -> Void) {
        guard store.keepsArtifactJournal else { return answer(nil) }
        store.write({ try $0.forgetStored(path.description) }, mayBlock: true) { result in
            switch result {
            case .success(let changes):
                settings.quotas?.apply(changes)
                answer(nil)
            case .failure(let error): answer(WriteFailure(error) == .temporary ? error : nil)
            }
        }
    }
}

/// The kinds of failures to write an entry, which is owed except after `permanent`.
private enum WriteFailure {
    /// The database cannot be reached or accepts no changes, or another program has locked it.
    case temporary
    case fullDisk
    /// Another attempt would fail too.
    case permanent

    init(_ error: any Error) {
        switch (error as? TrackingError)?.code {
        case .temporarilyUnavailable, .databaseLocked, .outcomeUnknown, .permissionDenied: self = .temporary
        case .insufficientStorage: self = .fullDisk
        default: self = .permanent
        }
    }
}

/// The report of an event that is missing in the journal, although the artifact itself was stored or deleted.
private struct UnwrittenJournalEntry: Error, CustomStringConvertible {
    let event: ArtifactEvent
    let cause: any Error

    var description: String { "the \(event.kind) of '\(event.path)' is not in the journal: \(cause)" }
}
