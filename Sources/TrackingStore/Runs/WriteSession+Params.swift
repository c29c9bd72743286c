internal import SQLite
package import Tracking

extension WriteSession {
    /// Logs one param of a run; the same value again is no change.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown run, `.invalidParameterValue` for a deleted one and for a key
    ///   that holds another value.
    package func logParam(_ param: Param, runID: String) throws {
        let run = try activeRunRow(runID)
        guard let stored = try insertParam(param, runRow: run.id) else { return }
        throw TrackingError.invalidParameter(
            "Changing param values is not allowed. Param with key='\(param.key)' was already logged with "
                + "value='\(stored)' for run ID='\(runID)'. Attempted logging new value '\(param.value)'."
        )
    }

    /// - Returns: the value that the key holds when it is another one than the param's; nil on success.
    func insertParam(_ param: Param, runRow: Int64) throws -> String? {
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
        guard try select.step() else {
            throw StoreCorruption("a param that was refused as a duplicate is not there")
        }
        let stored = select.string(0)
        return stored.isExactly(param.value) ? nil : stored
    }

    func insertParams(_ params: [Param], runRow: Int64, runID: String) throws {
        var conflicts: [String] = []
        for param in params {
            if let stored = try insertParam(param, runRow: runRow) {
                let values = [param.key, stored, param.value].map(pythonLiteral)
                conflicts.append("{'key': \(values[0]), 'old_value': \(values[1]), 'new_value': \(values[2])}")
            }
        }
        guard conflicts.isEmpty else {
            throw TrackingError.invalidParameter(
                "Changing param values is not allowed. Params were already logged='[\(conflicts.joined(separator: ", "))]' "
                    + "for run ID='\(runID)'."
            )
        }
    }
}
