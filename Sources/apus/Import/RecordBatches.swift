internal import Dispatch
internal import MLflowAPI
internal import Synchronization
internal import Tracking

/// Passes batches of records to a store of this process, and adds up its reports.
final class RecordBatches: Sendable {
    /// The number of batches that may wait for the writer while the next one is read.
    private static let maximumPending = 2

    private let store: any TrackingBackend
    private let isAudited: Bool
    private let freeSlots = DispatchSemaphore(value: maximumPending)
    private let outcome = Mutex<(report: TransferReport, failure: (any Error)?)>((TransferReport(), nil))

    /// - Parameter isAudited: whether each batch that changes something adds an entry to the audit log.
    init(_ store: any TrackingBackend, isAudited: Bool) { (self.store, self.isAudited) = (store, isAudited) }

    /// Queues records to be stored; waits while too many batches are pending.
    ///
    /// - Throws: the error of an earlier batch.
    func add(_ records: [TransferRecord]) throws {
        try throwFailure()
        freeSlots.wait()
        store.write({ [isAudited] session in
            let report = try session.importRecords(records)
            if isAudited { try session.audit(.byCommand("import"), after: report.auditNote) }
            return report
        }) { [self] result in
            outcome.withLock { outcome in
                switch result {
                case .success(let report): outcome.report.add(report)
                case .failure(let error): outcome.failure = outcome.failure ?? error
                }
            }
            freeSlots.signal()
        }
    }

    /// Waits until all batches are stored.
    func wait() {
        for _ in 0..<Self.maximumPending { freeSlots.wait() }
        // A `DispatchSemaphore` must not be deallocated while its value is less than its initial value.
        for _ in 0..<Self.maximumPending { freeSlots.signal() }
    }

    /// Waits until all batches are stored, and returns what was left out since the last call.
    func flush() throws -> [TransferOwner] {
        wait()
        try throwFailure()
        return outcome.withLock { $0.report.takeLeftOut() }
    }

    /// The experiments of the stored batches whose id in the store differs from their id at the source.
    var mappings: [ExperimentMapping] { outcome.withLock { $0.report.mappings } }

    /// The report about all batches that are stored.
    func report() throws -> TransferReport {
        try throwFailure()
        return outcome.withLock { $0.report }
    }

    private func throwFailure() throws {
        if let failure = outcome.withLock({ $0.failure }) { throw failure }
    }
}
