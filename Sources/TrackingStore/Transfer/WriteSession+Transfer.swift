internal import SQLite
package import Tracking

extension WriteSession {
    /// Stores records from another store, with their ids and times.
    ///
    /// Values that are already stored stay as they are, and missing ones are added, so importing the same records again
    /// changes nothing. A record that is invalid, that belongs to an experiment, run or model that is not stored or was
    /// left out, or whose id is that of another run or model here, is left out and reported. Each change needs the same
    /// permission of the client as the call of the REST API that would make it.
    /// - Throws: only for failures of the database; none of the records is stored then.
    package func importRecords(_ records: [TransferRecord]) throws -> TransferReport {
        var report = TransferReport()
        var course = TransferCourse()
        for record in records {
            let (kind, id) = record.subject
            do {
                try record.validate()
                try course.requireOwner(of: record)
                try importRecord(record, &course, &report)
                course.note(record)
            } catch let error as TrackingError {
                course.noteLeftOut(record)
                report.noteLeftOut(kind, id)
                report.remark(kind, id, TransferRemark.leftOut + error.message)
            }
        }
        return report
    }

    /// - Throws: a `TrackingError` only if nothing of the record has been stored.
    private func importRecord(
        _ record: TransferRecord,
        _ course: inout TransferCourse,
        _ report: inout TransferReport
    ) throws {
        switch record {
        case .experiment(let experiment):
            course.experiments[ExactText(experiment.name)] = try importRecord(experiment, &report)
        case .run(let run): try importRecord(run, course, &report)
        case .points(let points): try importRecord(points, &course, &report)
        case .loggedModel(let model): try importRecord(model, course, &report)
        case .modelPoints(let points): try importRecord(points, &course, &report)
        case .registeredModel(let model): try importRecord(model, &report)
        case .modelVersion(let version): try importRecord(version, &report)
        }
    }

    /// Adds the tags that an owner lacks.
    ///
    /// - Returns: whether tags were added, and the keys that are stored with another value.
    func complete(_ tags: [Tag], in table: TagTable, of owner: Int64) throws -> (isCompleted: Bool, conflicts: [String])
    {
        let stored = try connection.tags(in: table, of: jsonArray([owner]))[owner] ?? []
        let missing = MissingTags(tags, stored: stored)
        for tag in missing.missing { try connection.upsert(tag, in: table, of: owner) }
        return (!missing.missing.isEmpty, missing.conflicts)
    }
}

/// The tags of a record, compared with those that are stored.
struct MissingTags {
    private(set) var missing: [Tag] = []
    /// The keys that are stored with another value.
    private(set) var conflicts: [String] = []

    init(_ tags: [Tag], stored: [Tag]) {
        guard !stored.isEmpty else {
            missing = tags.lastOfEachKey
            return
        }
        let values = Dictionary(stored.map { (ExactText($0.key), $0.value) }) { first, _ in first }
        for tag in tags.lastOfEachKey {
            guard let value = values[ExactText(tag.key)] else {
                missing.append(tag)
                continue
            }
            if !value.isExactly(tag.value) { conflicts.append(tag.key) }
        }
    }
}

extension TransferReport {
    /// Reports that a record differs from what is stored, unless all lists of differences are empty.
    mutating func remark(
        _ kind: TransferKind,
        _ id: String,
        differences: [String],
        tags: [String] = [],
        params: [String] = []
    ) {
        var facts = differences
        if !params.isEmpty { facts.append("other values of the params \(Self.list(params))") }
        if !tags.isEmpty { facts.append("other values of the tags \(Self.list(tags))") }
        guard !facts.isEmpty else { return }
        remark(kind, id, "differs from what is stored, which stays: \(facts.joined(separator: "; "))")
    }

    private static func list(_ keys: [String]) -> String {
        let shown = keys.prefix(5).map { shortened($0) }.joined(separator: ", ")
        return keys.count > 5 ? "\(shown) and \(keys.count - 5) more" : shown
    }
}
