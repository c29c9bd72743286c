internal import SQLite
package import Tracking

extension WriteSession: RecordTaking {
    package var greatestExperimentID: Int64 { TransferLimits.experimentIDs.upperBound }

    package func beginTaking(_ records: [TransferRecord]) {}

    package func finishTaking(_ report: inout TransferReport) {}

    package func fitting(_ record: TransferRecord, _ report: inout TransferReport) -> TransferRecord { record }

    /// Adds the tags that an owner lacks.
    func complete(_ tags: [Tag], in table: TagTable, of owner: Int64) throws -> TakenPart {
        let missing = MissingTags(tags, stored: try connection.tags(in: table, of: jsonArray([owner]))[owner] ?? [])
        for tag in missing.missing { try connection.upsert(tag, in: table, of: owner) }
        return TakenPart(missing)
    }
}
