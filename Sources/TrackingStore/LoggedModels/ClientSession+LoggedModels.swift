internal import Identities
internal import SQLite
internal import Tracking

extension ClientSession {
    /// Returns the identity and state of a logged model.
    ///
    /// - Parameter allowsDeleted: whether to return a deleted model.
    /// - Throws: `.resourceDoesNotExist` for an unknown model id, and for a deleted model unless `allowsDeleted`;
    ///   `.permissionDenied` if the client may not perform `action`.
    func loggedModelInfo(
        _ modelID: String,
        allowsDeleted: Bool = false,
        for action: PermittedAction
    ) throws -> LoggedModelInfo {
        try loggedModelRowAndInfo(modelID, allowsDeleted: allowsDeleted, for: action).info
    }

    /// Returns the same as `loggedModelInfo`, and the row id of the model.
    func loggedModelRowAndInfo(
        _ modelID: String,
        allowsDeleted: Bool,
        for action: PermittedAction
    ) throws -> (row: Int64, info: LoggedModelInfo) {
        let select = try connection.query(
            "SELECT \(LoggedModelInfo.columns) FROM logged_models WHERE model_id = ?1",
            modelID
        )
        defer { select.reset() }
        guard try select.step() else { throw missingOrForbidden(.loggedModelNotFound(modelID)) }
        let info = try LoggedModelInfo(row: select)
        try require(action, on: .loggedModel(inExperiment: info.experimentID), orThrow: .loggedModelNotFound(modelID))
        try info.requireVisible(allowsDeleted: allowsDeleted)
        return (select.int64(LoggedModelInfo.rowColumn), info)
    }
}

extension LoggedModelInfo {
    /// The columns that `init(row:)` reads, in this order.
    static let columns = """
        logged_models.model_id, logged_models.experiment_id, logged_models.name, logged_models.artifact_uri, \
        logged_models.status, logged_models.status_message, logged_models.model_type, logged_models.source_run_id, \
        logged_models.creation_time, logged_models.last_updated_time, logged_models.lifecycle_stage, logged_models.id
        """

    /// The index of the row id in `columns`.
    static let rowColumn = 11

    init(row: Statement) throws {
        guard let status = LoggedModelStatus(rawValue: row.int64(4)) else {
            throw StoreCorruption("no logged model status has the number \(row.int64(4))")
        }
        self.init(
            modelID: row.string(0),
            experimentID: row.int64(1),
            name: row.string(2),
            artifactURI: row.string(3),
            status: status,
            statusMessage: row.optionalString(5),
            modelType: row.string(6),
            sourceRunID: row.string(7),
            creationTime: row.int64(8),
            lastUpdatedTime: row.int64(9),
            lifecycleStage: LifecycleStage(storedValue: row.int64(10))
        )
    }
}
