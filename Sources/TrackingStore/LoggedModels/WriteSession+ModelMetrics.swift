internal import Identities
internal import SQLite
internal import Tracking

extension WriteSession {
    /// Stores metric points of logged models, active or deleted.
    ///
    /// As in MLflow, NaN is stored as 0.
    /// - Throws: `.badRequest` for an unknown model.
    func insertModelMetrics(_ metrics: [ModelMetric], runRow: Int64) throws {
        for metric in metrics {
            guard let model = try visibleLoggedModelRow(metric.modelID, for: .update) else {
                throw missingOrForbidden(.modelOfMetricNotFound(metric))
            }
            let point = MetricPoint(metric.metric)
            let key = try keyID(for: metric.metric.key)
            let scopes = try metric.dataset.map { try datasetScopes(of: $0) } ?? []
            try connection.run(
                """
                INSERT OR IGNORE INTO model_metrics (model_id, key_id, timestamp, step, run_id, dataset_id, value)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                """,
                values: [model, key, point.timestamp, point.step, runRow, scopes.first ?? 0, point.value]
            )
            guard connection.changes > 0 else { continue }
            let new = ModelMetricPoint(point: point, runID: metric.runID)
            for scope in [0] + scopes {
                let latest = try latestPoint(model: model, key: key, scope: scope)
                if let latest, !new.supersedes(latest) { continue }
                try connection.run(
                    """
                    INSERT INTO latest_model_metrics (model_id, key_id, scope_id, value, timestamp, step, run_id)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                    ON CONFLICT (model_id, key_id, scope_id) DO UPDATE
                    SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step,
                        run_id = excluded.run_id
                    """,
                    values: [model, key, scope, point.value, point.timestamp, point.step, runRow]
                )
            }
        }
    }

    private func latestPoint(model: Int64, key: Int64, scope: Int64) throws -> ModelMetricPoint? {
        let select = try connection.query(
            """
            SELECT latest.value, 0, latest.timestamp, latest.step, runs.run_id
            FROM latest_model_metrics AS latest
            CROSS JOIN runs ON runs.id = latest.run_id
            WHERE latest.model_id = ?1 AND latest.key_id = ?2 AND latest.scope_id = ?3
            """,
            values: [model, key, scope]
        )
        return try select.firstRow {
            ModelMetricPoint(point: MetricPoint(row: $0, column: 0), runID: $0.string(4))
        }
    }

    /// Returns the row ids of a dataset's scopes: for its name and digest together, for its name, and for its digest.
    ///
    /// Inserts missing scopes.
    private func datasetScopes(of dataset: MetricDataset) throws -> [Int64] {
        let texts = [(dataset.name, dataset.digest), (dataset.name, ""), ("", dataset.digest)]
        return try texts.map { name, digest in
            if let stored = try connection.metricDatasetID(name: name, digest: digest) { return stored }
            try connection.run("INSERT INTO metric_datasets (name, digest) VALUES (?1, ?2)", name, digest)
            return connection.lastInsertRowID
        }
    }
}

extension ClientSession {
    /// Returns the row id of a logged model, active or deleted; nil if the model does not exist or is hidden from a
    /// limited token.
    ///
    /// - Throws: `.permissionDenied` if the client may not perform `action`.
    func visibleLoggedModelRow(_ modelID: String, for action: PermittedAction) throws -> Int64? {
        let found = try connection.query("SELECT id, experiment_id FROM logged_models WHERE model_id = ?1", modelID)
            .firstRow { (row: $0.int64(0), experiment: $0.int64(1)) }
        guard let found, !hides(experiment: found.experiment) else { return nil }
        try require(action, on: .loggedModel(inExperiment: found.experiment), orThrow: .loggedModelNotFound(modelID))
        return found.row
    }
}
