internal import ArtifactStore
internal import Synchronization
internal import Tracking

/// What changes of artifacts owe the database: entries of the journal and the audit that could not be written after the files had
/// changed.
///
/// They are kept in memory, together with the uploads' claims on quotas, and are written before artifacts change again. Their
/// number therefore stays near that of the requests that were under way.
final class OwedEntries: Sendable {
    /// What is written about one change.
    struct Entry: Sendable {
        /// The place of the change among all changes.
        let number: UInt64
        let event: ArtifactEvent
        let audit: AuditEntry?
        /// The bytes of an upload, which are claimed until they count as stored.
        let claim: (any StorageClaim)?
        /// Whether a later change of the same files is in the journal already, so that this one no longer counts.
        fileprivate(set) var isOvertaken = false

        func write(to session: any TrackingWriting, keepsJournal: Bool) throws -> [StoredChange] {
            let changes = keepsJournal && !isOvertaken ? try session.add(event) : []
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

    /// How many entries a full disk of the database may leave, before artifacts are refused too.
    static let limit = 1_000

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.entries.count } }

    /// Calls `body` when something is owed, after nothing was; it must be quick.
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

    /// Notes that an entry was written, which says more about its files than the earlier ones that are owed.
    func noteWritten(_ entry: Entry) {
        state.withLock { state in
            for index in state.entries.indices
            where state.entries[index].number < entry.number && state.entries[index].event.concerns(entry.event) {
                state.entries[index].isOvertaken = true
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
                "The database is just told of earlier changes of artifacts; try again in a moment."
            )
        }
        return entry
    }

    /// Ends what `beginWriting` has begun.
    ///
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
    /// Whether changes of artifacts could not be told to the database yet.
    package var owesEntries: Bool { owedEntries.count > 0 }

    /// Calls `body` when changes of artifacts could not be told to the database, so that `writeOwedEntries` is called later.
    package func listenForOwedEntries(_ body: @escaping @Sendable () -> Void) { owedEntries.listen(body) }

    /// Writes the entries that are owed; blocks meanwhile.
    ///
    /// Called before artifacts change again, and by a background work.
    /// - Throws: the error of the store, and `.temporarilyUnavailable` while another thread writes an entry; artifacts must not
    ///   change then. A full disk of the database is not an error before many entries are owed.
    package func writeOwedEntries() throws {
        let keepsJournal = store.keepsArtifactJournal
        while let entry = try owedEntries.beginWriting() {
            do {
                let changes = try store.writeNow { try entry.write(to: $0, keepsJournal: keepsJournal) }
                settings.quotas?.apply(changes)
            } catch {
                let failure = OwedFailure(error)
                guard failure == .lasting else {
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
    /// The entry is part of the next group commit. If it cannot be written now, it is owed, and the client is told to send the request
    /// again. On a full disk of the database the entry is owed too, but the change succeeds: the client would not repeat the
    /// request, and a training run would lose an artifact that is stored. Another failure is reported only. Without a journal,
    /// only the audit entry is written. Call it on a thread that may block: if the writer is idle, it commits on the
    /// calling thread.
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
        let failure = OwedFailure(error)
        let unwritten = UnwrittenJournalEntry(event: entry.event, cause: error)
        guard failure != .lasting else {
            reportFailure(unwritten)
            entry.claim?.release()
            return nil
        }
        // The log tells the first of a series.
        if owedEntries.add(entry) { reportFailure(unwritten) }
        guard failure == .passing else { return nil }
        let isReadOnly = (error as? TrackingError)?.code == .permissionDenied
        let change = entry.event.kind == .upload ? "stored" : "deleted"
        return TrackingError(
            isReadOnly ? .permissionDenied : .temporarilyUnavailable,
            "'\(shortened(entry.event.path))' is \(change), but the database could not be told so, because it "
                + "\(isReadOnly ? "takes no changes" : "does not answer or is locked"). Send the request again."
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
            case .failure(let error): answer(OwedFailure(error) == .passing ? error : nil)
            }
        }
    }
}

/// The kinds of failures after which an entry is owed or not.
private enum OwedFailure {
    /// The database is away or takes no changes, or another program has locked it.
    case passing
    case fullDisk
    /// It would fail again.
    case lasting

    init(_ error: any Error) {
        switch (error as? TrackingError)?.code {
        case .temporarilyUnavailable, .databaseLocked, .outcomeUnknown, .permissionDenied: self = .passing
        case .insufficientStorage: self = .fullDisk
        default: self = .lasting
        }
    }
}

/// The report of an event that is missing in the journal, although the artifact itself was stored or deleted.
private struct UnwrittenJournalEntry: Error, CustomStringConvertible {
    let event: ArtifactEvent
    let cause: any Error

    var description: String { "the \(event.kind) of '\(event.path)' is not in the journal: \(cause)" }
}
