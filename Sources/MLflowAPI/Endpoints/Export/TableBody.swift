internal import Budgets
internal import HTTPWire
internal import Synchronization
internal import Tracking
internal import Transfer

/// A table of runs or points, which is made while it is being sent.
final class TableBody: HTTPBodyProducer {
    private struct State {
        var records: RecordStream
        var hasBegun = false
    }

    private static let pieceBytes = 128 * 1_024

    private let table: ExportTable
    private let state: Mutex<State>

    let memoryBytes = RecordStream.memoryBytes

    /// - Throws: `.resourceDoesNotExist` for an experiment or run that the subset names and that does not exist.
    init(
        _ rows: ExportTable.Rows,
        _ format: ExportTable.Format,
        _ subset: TransferSubset,
        of api: MLflowAPI,
        for caller: Caller
    ) throws {
        let records = try RecordStream(subset, rows == .runs ? .runs : .points, of: api.store, for: caller)
        let needsKeys = rows == .runs && format == .csv
        let keys = needsKeys ? try api.store.runKeys(subset, for: caller) : RunKeys()
        table = ExportTable(rows, format, keys: keys)
        state = Mutex(State(records: records))
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        try state.withLock { state in
            if !state.hasBegun {
                table.begin(&buffer)
                state.hasBegun = true
            }
            while buffer.count < Self.pieceBytes {
                guard let record = try state.records.next() else { return false }
                table.add(record, to: &buffer)
            }
            return true
        }
    }
}
