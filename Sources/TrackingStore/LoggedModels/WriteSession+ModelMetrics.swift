internal import SQLite
internal import Tracking

extension WriteSession {
    /// Stores points for their models, deleted or not.
    ///
    /// A model keeps no NaN: it is 0 there, as in the reference.
    func insertModelMetrics(_ metrics: [ModelMetric], runRow: Int64) throws {
        for metric in metrics {
            guard let model = try connection.loggedModelNumber(metric.modelID) else {
                throw TrackingError(
                    .badRequest,
                    "Logged model with ID '\(shortened(metric.modelID))' not found: the metric "
                        + "'\(shortened(metric.metric.key))' cannot be logged against it. Create the model first, or leave "
                        + "'model_id' out."
                )
            }
            let point = MetricPoint(metric.metric)
            let key = try keyID(for: metric.metric.key)
            let scopes = try metric.dataset.map { try datasetScopes(of: $0) } ?? []
            try connection.run(
                """
                INSERT OR IGNORE INTO model_metrics (model_id, key_id, timestamp, step, run_id, dataset_id, value)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                """,
                model,
                key,
                point.timestamp,
                point.step,
                runRow,
                scopes.first ?? 0,
                point.value
            )
            guard connection.changes > 0 else { continue }
            for scope in [0] + scopes {
                try connection.run(
                    Self.upsertLatest,
                    model,
                    key,
                    scope,
                    point.value,
                    point.timestamp,
                    point.step,
                    runRow
                )
            }
        }
    }

    /// Puts a point in the place of an older one: by (timestamp, step), ties by the lower run id, then the higher value.
    private static let upsertLatest = """
        INSERT INTO latest_model_metrics AS old (model_id, key_id, scope_id, value, timestamp, step, run_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (model_id, key_id, scope_id) DO UPDATE
        SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, run_id = excluded.run_id
        WHERE (excluded.timestamp, excluded.step) > (old.timestamp, old.step)
            OR (excluded.timestamp, excluded.step) = (old.timestamp, old.step) AND CASE
                WHEN excluded.run_id = old.run_id THEN excluded.value > old.value
                ELSE (SELECT run_id FROM runs WHERE id = excluded.run_id) < (SELECT run_id FROM runs WHERE id = old.run_id)
            END
        """

    /// The scopes to which a metric on a dataset belongs: the dataset itself first, then its name and its digest alone.
    private func datasetScopes(of dataset: MetricDataset) throws -> [Int64] {
        let texts = [(dataset.name, dataset.digest), (dataset.name, ""), ("", dataset.digest)]
        return try texts.map { name, digest in
            if let known = try connection.metricDatasetID(name: name, digest: digest) { return known }
            try connection.run("INSERT INTO metric_datasets (name, digest) VALUES (?1, ?2)", name, digest)
            return connection.lastInsertRowID
        }
    }
}

extension Connection {
    /// The number by which other tables know a model, deleted or not; nil for an id that nobody made.
    func loggedModelNumber(_ modelID: String) throws -> Int64? {
        try query("SELECT id FROM logged_models WHERE model_id = ?1", modelID).firstRow { $0.int64(0) }
    }
}
