internal import Identities

extension RecordImporting {
    /// Stores records from another store, with their ids and times.
    ///
    /// Values that are already stored stay as they are, and missing ones are added, so importing the same records again
    /// changes nothing. A record is left out and reported in three cases: it is invalid; the experiment, run or model to which
    /// it belongs is not stored or was left out; a different run or model with the same id is stored. For each change, the client
    /// needs the same permission as for the call of the REST API that makes this change.
    /// - Throws: only for failures of the database; none of the records is stored then.
    package func importRecords(_ records: [TransferRecord]) throws -> TransferReport {
        var report = TransferReport()
        var state = ImportState()
        try beginImport(records)
        for record in records {
            let (kind, id) = record.subject
            do {
                try record.validate()
                try state.requireOwner(of: record)
                try importRecord(try withoutUnsupportedParts(record, &report), &state, &report)
                state.noteImported(record)
            } catch let error as TrackingError {
                state.noteLeftOut(record)
                report.noteLeftOut(kind, id)
                report.remark(kind, id, TransferRemark.leftOut + error.message)
            }
        }
        try finishImport(&report)
        return report
    }

    /// - Throws: a `TrackingError` only if nothing of the record has been stored.
    private func importRecord(
        _ record: TransferRecord,
        _ state: inout ImportState,
        _ report: inout TransferReport
    ) throws {
        switch record {
        case .experiment(let experiment):
            state.experimentIDs[ExactText(experiment.name)] = try importExperiment(experiment, &report)
        case .run(let run): try importRun(run, state, &report)
        case .points(let points): try importPoints(points, &state, &report)
        case .loggedModel(let model): try importLoggedModel(model, state, &report)
        case .modelPoints(let points): try importModelPoints(points, &state, &report)
        case .registeredModel(let model): try importRegisteredModel(model, &report)
        case .modelVersion(let version): try importVersion(version, &report)
        }
    }
}

// MARK: Experiments

extension RecordImporting {
    /// - Returns: the id of the experiment in this store.
    private func importExperiment(_ experiment: Experiment, _ report: inout TransferReport) throws -> Int64 {
        let withSameID = try storedExperiment(withID: experiment.id)
        let withSameName = try storedExperiment(withName: experiment.name)
        switch ExperimentDestination.find(for: experiment, withSameID: withSameID, withSameName: withSameName) {
        case .new(let keepsID):
            try requireCreation(of: .experiment)
            let id = try add(experiment, keepsID: keepsID && experiment.id <= greatestExperimentID)
            _ = try addMissing(experiment.tags, toExperiment: id)
            report.count(.experiment) { $0.added += 1 }
            report.addMapping(of: experiment, to: id)
            return id
        case .unused(let id):
            try replaceUnused(experiment, id: id, &report)
            return id
        case .existing(let id):
            let stored = try experimentToChange(id)
            let tags = try addMissing(experiment.tags, toExperiment: id)
            report.count(.experiment) { $0.countExisting(hasAdditions: tags.hasAdditions) }
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
                    "merged into the stored experiment of this name, which the user '\(shortened(manager))' manages: "
                        + "everybody who may read that experiment can read the imported data"
                )
            }
            report.addMapping(of: experiment, to: id)
            return id
        }
    }

    /// Overwrites the unused Default experiment with the imported one, which has the same id.
    private func replaceUnused(_ experiment: Experiment, id: Int64, _ report: inout TransferReport) throws {
        let stored = try experimentToChange(id)
        var moved = experiment
        moved.artifactLocation = experiment.location(movingTo: id, beneath: artifactRoot)
        let isSame =
            stored.name.isExactly(moved.name) && stored.artifactLocation.isExactly(moved.artifactLocation)
            && stored.lifecycleStage == moved.lifecycleStage && stored.creationTime == moved.creationTime
            && stored.lastUpdateTime == moved.lastUpdateTime && moved.tags.isEmpty
        report.count(.experiment) { $0.countExisting(hasAdditions: !isSame) }
        guard !isSame else { return }
        try replaceExperiment(id, by: moved)
        _ = try addMissing(moved.tags, toExperiment: id)
        report.addMapping(of: experiment, to: id)
    }

    /// Returns the id, in this store, of the experiment that an imported run or model belongs to.
    ///
    /// - Throws: `.resourceDoesNotExist` if the experiment is not stored, `.permissionDenied` if the client may not change it.
    func experimentID(of sourceExperiment: SourceExperiment, _ state: ImportState) throws -> Int64 {
        let name = sourceExperiment.name
        if let id = try state.experimentIDs[ExactText(name)] ?? experimentID(ofName: name) {
            return try experimentToChange(id).id
        }
        // The experiment may have been renamed in this store or at the source. The id identifies it then, but only together
        // with the creation time, because another experiment may have the same id.
        let stored = try sourceExperiment.id == Experiment.noID ? nil : creationTime(ofExperiment: sourceExperiment.id)
        guard let stored, Experiment.isSame(createdAt: sourceExperiment.creationTime, as: stored) else {
            throw TrackingError.doesNotExist("No experiment is named '\(shortened(name))'")
        }
        return try experimentToChange(sourceExperiment.id).id
    }

    /// Throws unless the stored run or model with this id is in the experiment of the imported one; otherwise, users who may read
    /// the experiment of the stored one could read the imported data.
    func requireSameExperiment(
        _ storedExperimentID: Int64,
        _ importedExperimentID: Int64,
        _ noun: String,
        _ source: SourceExperiment
    ) throws {
        guard storedExperimentID != importedExperimentID else { return }
        throw TrackingError(
            .invalidParameterValue,
            "the \(noun) with this id is stored in the experiment with the id \(storedExperimentID), but the imported "
                + "\(noun) belongs to the experiment '\(shortened(source.name))'"
        )
    }
}

extension TransferReport {
    /// Reports the id of an imported experiment in this store, if it differs from the id at the source.
    fileprivate mutating func addMapping(of experiment: Experiment, to id: Int64) {
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
        if !params.isEmpty { facts.append("different values of the params \(Self.list(params))") }
        if !tags.isEmpty { facts.append("different values of the tags \(Self.list(tags))") }
        guard !facts.isEmpty else { return }
        remark(kind, id, "differs from what is stored, which was not changed: \(facts.joined(separator: "; "))")
    }

    private static func list(_ keys: [String]) -> String {
        let shown = keys.prefix(5).map { shortened($0) }.joined(separator: ", ")
        return keys.count > 5 ? "\(shown) and \(keys.count - 5) more" : shown
    }
}
