internal import Identities
internal import PostgreSQL
internal import Tracking

extension PostgresSession {
    /// Returns the identity and state of a logged model.
    ///
    /// - Parameters:
    ///   - allowsDeleted: whether to return a deleted model.
    ///   - lock: the clause that locks the row, such as `FOR SHARE`; empty if the row is not locked.
    /// - Throws: `.resourceDoesNotExist` for an unknown model id, and for a deleted model unless `allowsDeleted`;
    ///   `.permissionDenied` if the client may not perform `action`.
    func storedLoggedModel(
        _ modelID: String,
        allowsDeleted: Bool = false,
        for action: PermittedAction,
        lock: String = ""
    ) throws -> LoggedModelInfo {
        let query = "SELECT \(LoggedModelInfo.columns) FROM logged_models WHERE model_id = $1 \(lock)"
        let found = try rows(query, modelID)
        guard let info = found.first({ LoggedModelInfo(row: $0) }) else {
            throw missingOrForbidden(.loggedModelNotFound(modelID))
        }
        try require(action, on: .loggedModel(inExperiment: info.experimentID), orThrow: .loggedModelNotFound(modelID))
        try info.requireVisible(allowsDeleted: allowsDeleted)
        return info
    }

    /// Reads models in the order of `ids`; leaves out unknown ids.
    ///
    /// The number of statements does not depend on the number of models; all are sent before the first result is read.
    /// - Parameter withMetrics: whether to read the points of their metrics too.
    func loggedModels(ids: [String], withMetrics: Bool = true) throws -> [LoggedModel] {
        if ids.isEmpty { return [] }
        let infos = try ask("SELECT \(LoggedModelInfo.columns) FROM logged_models WHERE model_id = ANY($1)", ids)
        let paramsQuery = """
            SELECT model_id, param_key, param_value FROM logged_model_params
            WHERE model_id = ANY($1) ORDER BY param_key COLLATE "C"
            """
        let params = try ask(paramsQuery, ids)
        let tagsQuery = """
            SELECT model_id, tag_key, tag_value FROM logged_model_tags
            WHERE model_id = ANY($1) ORDER BY tag_key COLLATE "C"
            """
        let tags = try ask(tagsQuery, ids)
        let metricsQuery = """
            SELECT \(ModelMetric.columns) FROM logged_model_metrics
            WHERE model_id = ANY($1)
            ORDER BY metric_name COLLATE "C", metric_timestamp_ms, metric_step, run_id COLLATE "C"
            """
        let metrics = try ask(metricsQuery, withMetrics ? ids : [])
        var found: [ExactText: LoggedModel] = [:]
        for info in try rows(infos).map({ LoggedModelInfo(row: $0) }) {
            found[ExactText(info.modelID)] = LoggedModel(info: info)
        }
        try rows(params).forEach { row in
            found[ExactText(row.string(0))]?.params.append(Param(key: row.string(1), value: row.string(2)))
        }
        try rows(tags).forEach { row in
            found[ExactText(row.string(0))]?.tags.append(Tag(key: row.string(1), value: row.string(2)))
        }
        try rows(metrics).forEach { row in
            found[ExactText(row.string(0))]?.metrics.append(ModelMetric(row: row))
        }
        return ids.compactMap { found[ExactText($0)] }
    }
}

extension ModelMetric {
    /// The columns for `init(row:)`, in its order.
    static let columns = """
        model_id, metric_name, metric_value, metric_timestamp_ms, metric_step, run_id, dataset_name, dataset_digest
        """

    init(row: PostgresRow) {
        let (name, digest) = (row.string(6), row.string(7))
        self.init(
            metric: Metric(key: row.string(1), value: row.double(2), timestamp: row.int64(3), step: row.int64(4)),
            modelID: row.string(0),
            runID: row.string(5),
            dataset: name.isEmpty || digest.isEmpty ? nil : MetricDataset(name: name, digest: digest)
        )
    }
}

extension LoggedModelInfo {
    /// The columns for `init(row:)`, in its order.
    static let columns = """
        model_id, experiment_id, name, artifact_location, status, status_message, model_type, source_run_id, \
        creation_timestamp_ms, last_updated_timestamp_ms, lifecycle_stage
        """

    init(row: PostgresRow) {
        self.init(
            modelID: row.string(0),
            experimentID: row.int64(1),
            name: row.string(2),
            artifactURI: row.string(3),
            // Other programs may have written a number that MLflow 3.17 does not know.
            status: LoggedModelStatus(rawValue: row.int64(4)) ?? .unspecified,
            statusMessage: row.optionalString(5),
            modelType: row.string(6),
            sourceRunID: row.string(7),
            creationTime: row.int64(8),
            lastUpdatedTime: row.int64(9),
            lifecycleStage: row.string(10) == LifecycleStage.deleted.wireName ? .deleted : .active
        )
    }
}
