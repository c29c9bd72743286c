internal import SQLite
package import Tracking

extension WriteSession: RecordImporting {
    package var greatestExperimentID: Int64 { TransferLimits.experimentIDs.upperBound }

    package func beginImport(_ records: [TransferRecord]) {}

    package func finishImport(_ report: inout TransferReport) {}

    package func withoutUnsupportedParts(_ record: TransferRecord, _ report: inout TransferReport) -> TransferRecord {
        record
    }

    /// Adds the tags whose keys the owner lacks.
    func addMissing(_ tags: [Tag], in table: TagTable, to owner: Int64) throws -> MergeResult {
        let missing = MissingTags(tags, stored: try connection.tags(in: table, of: jsonArray([owner]))[owner] ?? [])
        for tag in missing.tags { try connection.upsert(tag, in: table, of: owner) }
        return MergeResult(missing)
    }
}
