internal import Identities

extension RecordTaking {
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
        try beginTaking(records)
        for record in records {
            let (kind, id) = record.subject
            do {
                try record.validate()
                try course.requireOwner(of: record)
                try take(try fitting(record, &report), &course, &report)
                course.note(record)
            } catch let error as TrackingError {
                course.noteLeftOut(record)
                report.noteLeftOut(kind, id)
                report.remark(kind, id, TransferRemark.leftOut + error.message)
            }
        }
        try finishTaking(&report)
        return report
    }

    /// - Throws: a `TrackingError` only if nothing of the record has been stored.
    private func take(
        _ record: TransferRecord,
        _ course: inout TransferCourse,
        _ report: inout TransferReport
    ) throws {
        switch record {
        case .experiment(let experiment):
            course.experiments[ExactText(experiment.name)] = try take(experiment, &report)
        case .run(let run): try take(run, course, &report)
        case .points(let points): try take(points, &course, &report)
        case .loggedModel(let model): try take(model, course, &report)
        case .modelPoints(let points): try take(points, &course, &report)
        case .registeredModel(let model): try take(model, &report)
        case .modelVersion(let version): try take(version, &report)
        }
    }
}

// MARK: Experiments

extension RecordTaking {
    /// - Returns: the id of the experiment in this store.
    private func take(_ experiment: Experiment, _ report: inout TransferReport) throws -> Int64 {
        let holderOfID = try experimentHolder(ofID: experiment.id)
        let holderOfName = try experimentHolder(ofName: experiment.name)
        switch ExperimentDestination.find(for: experiment, holderOfID: holderOfID, holderOfName: holderOfName) {
        case .new(let keepsID):
            try requireCreation(of: .experiment)
            let id = try add(experiment, keepsID: keepsID && experiment.id <= greatestExperimentID)
            _ = try complete(experiment.tags, ofExperiment: id)
            report.count(.experiment) { $0.added += 1 }
            report.note(experiment, hasID: id)
            return id
        case .unused(let id):
            try replaceUnused(experiment, id: id, &report)
            return id
        case .existing(let id):
            let stored = try experimentToChange(id)
            let tags = try complete(experiment.tags, ofExperiment: id)
            report.count(.experiment) { $0.note(isCompleted: tags.isCompleted) }
            report.remark(
                .experiment,
                experiment.name,
                differences: experiment.differences(from: stored),
                tags: tags.conflicts
            )
            if stored.creationTime != experiment.creationTime, let manager = try otherManager(ofExperiment: id) {
                report.remark(
                    .experiment,
                    experiment.name,
                    "joined to the experiment of this name that '\(shortened(manager))' manages here: who may read that one reads "
                        + "what comes"
                )
            }
            report.note(experiment, hasID: id)
            return id
        }
    }

    /// Replaces the unused Default experiment by the imported experiment, but keeps its id.
    private func replaceUnused(_ experiment: Experiment, id: Int64, _ report: inout TransferReport) throws {
        let stored = try experimentToChange(id)
        var moved = experiment
        moved.artifactLocation = experiment.location(movingTo: id, beneath: artifactRoot)
        let isSame =
            stored.name.isExactly(moved.name) && stored.artifactLocation.isExactly(moved.artifactLocation)
            && stored.lifecycleStage == moved.lifecycleStage && stored.creationTime == moved.creationTime
            && stored.lastUpdateTime == moved.lastUpdateTime && moved.tags.isEmpty
        report.count(.experiment) { $0.note(isCompleted: !isSame) }
        guard !isSame else { return }
        try replaceExperiment(id, by: moved)
        _ = try complete(moved.tags, ofExperiment: id)
        report.note(experiment, hasID: id)
    }

    /// Returns the id, in this store, of the experiment that an imported run or model belongs to.
    ///
    /// - Throws: `.resourceDoesNotExist` if the experiment is not stored, `.permissionDenied` if the client may not change it.
    func experimentID(of sourceExperiment: SourceExperiment, _ course: TransferCourse) throws -> Int64 {
        if let known = course.experiments[ExactText(sourceExperiment.name)] { return try experimentToChange(known).id }
        if let named = try experimentID(ofName: sourceExperiment.name) { return try experimentToChange(named).id }
        // The experiment may have been renamed, here or there. Only its creation time tells it from another one.
        let stored = try sourceExperiment.id == Experiment.noID ? nil : creationTime(ofExperiment: sourceExperiment.id)
        guard let stored, Experiment.isSame(createdAt: sourceExperiment.creationTime, as: stored) else {
            throw TrackingError.doesNotExist("No experiment is named '\(shortened(sourceExperiment.name))'")
        }
        return try experimentToChange(sourceExperiment.id).id
    }

    /// Throws where a thing that comes is here in another experiment, whose readers would get to see it.
    func requireSameExperiment(_ stored: Int64, _ id: Int64, _ thing: String, _ source: SourceExperiment) throws {
        guard stored != id else { return }
        throw TrackingError(
            .invalidParameterValue,
            "\(thing) is here in the experiment with the id \(stored), and comes in the experiment '\(shortened(source.name))'"
        )
    }
}

extension TransferReport {
    fileprivate mutating func note(_ experiment: Experiment, hasID id: Int64) {
        guard id != experiment.id, experiment.id != Experiment.noID else { return }
        mappings.append(ExperimentMapping(source: experiment.id, id: id, name: experiment.name))
    }

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
