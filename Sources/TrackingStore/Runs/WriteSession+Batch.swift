internal import Identities
package import Tracking

extension WriteSession {
    package func log(_ batch: LogBatch, runID: String) throws {
        let run = try activeRunRow(runID, for: .update)
        try insertParams(batch.params, runRow: run.id, runID: runID)
        try insertModelMetrics(batch.modelMetrics, runRow: run.id)
        try insertMetrics(batch.metrics, runRow: run.id)
        for tag in batch.tags { try setTag(tag, runRow: run.id) }
    }
}
