internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func logParam(_ param: Param, runID: String) throws {
        let run = try activeRunRow(runID, for: .update)
        if let conflict = try insertParam(param, runRow: run.id) { throw conflict.refusal(runID: runID) }
    }

    /// Stores a param unless the run already has it.
    ///
    /// - Returns: nil if the run now has the param with this value; otherwise the conflict with the stored value.
    private func insertParam(_ param: Param, runRow: Int64) throws -> ParamConflict? {
        let keyID = try keyID(for: param.key)
        let insert = statements.insertParam
        try insert.bind(runRow, at: 1)
        try insert.bind(keyID, at: 2)
        try insert.bind(param.value, at: 3)
        try insert.run()
        if connection.changes > 0 { return nil }
        let select = statements.selectParam
        try select.bind(runRow, at: 1)
        try select.bind(keyID, at: 2)
        defer { select.reset() }
        guard try select.step() else { throw StoreCorruption("a param that was ignored as a duplicate is missing") }
        return ParamConflict(param, storedValue: select.string(0))
    }

    func insertParams(_ params: [Param], runRow: Int64, runID: String) throws {
        try ParamConflict.refuse(try params.compactMap { try insertParam($0, runRow: runRow) }, runID: runID)
    }
}
