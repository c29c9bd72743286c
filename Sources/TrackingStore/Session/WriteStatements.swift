internal import SQLite
internal import Tracking

/// The statements for logging to runs, prepared once when the writer opens.
final class WriteStatements {
    let insertKey: Statement
    let selectRun: Statement
    let insertMetric: Statement
    let selectLatestMetric: Statement
    let insertLatestMetric: Statement
    let updateLatestMetric: Statement
    let updateSummaryOnly: Statement
    let insertParam: Statement
    let selectParam: Statement
    let upsertTag: Statement

    init(_ connection: Connection) throws {
        insertKey = try connection.prepare("INSERT INTO keys (name) VALUES (?1)")
        selectRun = try connection.prepare("SELECT id, experiment_id, lifecycle_stage FROM runs WHERE run_id = ?1")
        insertMetric = try connection.prepare(
            """
            INSERT OR IGNORE INTO metrics (run_id, key_id, timestamp, step, value, is_nan)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """
        )
        selectLatestMetric = try connection.prepare(
            """
            SELECT \(MetricSummary.columns)
            FROM latest_metrics
            WHERE run_id = ?1 AND key_id = ?2
            """
        )
        insertLatestMetric = try connection.prepare(
            """
            INSERT INTO latest_metrics (run_id, key_id, point_count, in_order, minimum, minimum_step, maximum,
                maximum_step, value, is_nan, timestamp, step)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """
        )
        updateLatestMetric = try connection.prepare(
            """
            UPDATE latest_metrics
            SET point_count = ?3, in_order = ?4, minimum = ?5, minimum_step = ?6, maximum = ?7, maximum_step = ?8,
                value = ?9, is_nan = ?10, timestamp = ?11, step = ?12
            WHERE run_id = ?1 AND key_id = ?2
            """
        )
        // `updateLatestMetric` also updates the index on `value`, even if the value stays equal. `updateSummaryOnly`
        // does not set `value`, so it leaves the index alone.
        updateSummaryOnly = try connection.prepare(
            """
            UPDATE latest_metrics
            SET point_count = ?3, in_order = ?4, minimum = ?5, minimum_step = ?6, maximum = ?7, maximum_step = ?8
            WHERE run_id = ?1 AND key_id = ?2
            """
        )
        insertParam = try connection.prepare("INSERT OR IGNORE INTO params (run_id, key_id, value) VALUES (?1, ?2, ?3)")
        selectParam = try connection.prepare("SELECT value FROM params WHERE run_id = ?1 AND key_id = ?2")
        upsertTag = try connection.prepare(
            """
            INSERT INTO run_tags (run_id, key_id, value) VALUES (?1, ?2, ?3)
            ON CONFLICT (run_id, key_id) DO UPDATE SET value = excluded.value
            """
        )
    }
}
