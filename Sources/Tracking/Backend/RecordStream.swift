package import Budgets

/// Reads the content of a running server's store as records, one by one.
package struct RecordStream {
    private var cursor: RecordCursor
    private let store: any TrackingBackend
    private let caller: Caller
    /// The records that were read and not yet returned, in reverse order.
    private var unreturned: [TransferRecord] = []

    /// The memory in bytes to reserve for a stream: enough for 20,000 points and ten runs of 200 kB each.
    ///
    /// A stream with larger runs needs more memory.
    package static let memoryBytes = 4 * 1_048_576

    /// Blocks until the store has checked that the named experiments or runs exist.
    ///
    /// - Throws: `.resourceDoesNotExist` for an experiment or run that the subset names and that does not exist.
    package init(
        _ subset: TransferSubset,
        _ content: RecordCursor.Content = .allKinds,
        of store: any TrackingBackend,
        for caller: Caller
    ) throws {
        cursor = RecordCursor(subset, content)
        self.store = store
        self.caller = caller
        try store.readNow(for: caller) { try $0.require(subset) }
    }

    /// Returns the next record, or nil at the end; blocks while it reads the next batch.
    package mutating func next() throws -> TransferRecord? {
        while unreturned.isEmpty {
            guard let records = try store.readNow(&cursor, for: caller) else { return nil }
            unreturned = records.reversed()
        }
        return unreturned.popLast()
    }
}

extension TrackingBackend {
    /// Reads the next batch of a cursor in one transaction; returns nil at the end.
    ///
    /// Blocks until the batch is read.
    package func readNow(_ cursor: inout RecordCursor, for caller: Caller = .server) throws -> [TransferRecord]? {
        let (records, next) = try readNow(.continued, for: caller) { [cursor] session in
            var cursor = cursor
            return (try cursor.next(session), cursor)
        }
        cursor = next
        return records
    }

    /// Returns the keys of all runs that a `RecordCursor` with the content `runs` returns for this subset.
    ///
    /// Blocks until all keys are read. Reads the keys of 1,000 runs at a time.
    package func runKeys(_ subset: TransferSubset, for caller: Caller = .server) throws -> RunKeys {
        var rows = RowCursor(.runs, subset, includesDeletedRuns: false)
        var (metrics, params, tags) = (Set<ExactText>(), Set<ExactText>(), Set<ExactText>())
        while true {
            let (keys, next) = try readNow(.continued, for: caller) { [rows] session in
                var rows = rows
                guard let page = try rows.next(session, limit: 1_000) else { return (nil as RunKeys?, rows) }
                return (try session.keys(ofRuns: page), rows)
            }
            guard let keys else { break }
            rows = next
            metrics.formUnion(keys.metrics.map { ExactText($0) })
            params.formUnion(keys.params.map { ExactText($0) })
            tags.formUnion(keys.tags.map { ExactText($0) })
        }
        func sorted(_ keys: Set<ExactText>) -> [String] { keys.map(\.text).sorted { $0.precedes($1) } }
        return RunKeys(metrics: sorted(metrics), params: sorted(params), tags: sorted(tags))
    }
}
