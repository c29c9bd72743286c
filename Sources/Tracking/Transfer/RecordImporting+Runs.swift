internal import Identities

extension RecordImporting {
    func importRun(_ transferred: TransferredRun, _ state: ImportState, _ report: inout TransferReport) throws {
        let run = transferred.run
        guard let handle = try runToChange(run.info.runID) else {
            let new = try withDestination(transferred, state)
            try requireCreation(of: .run)
            let handle = try add(new)
            _ = try addMissing(run.params, to: handle)
            _ = try addMissing(run.tags, to: handle)
            _ = try addMissingLinks(of: run, to: handle)
            report.count(.run) { $0.added += 1 }
            return
        }
        let stored = try requireSameRun(handle, run.info.runID, transferred.identity, state)
        var hasAdditions = false
        if run.info.hasEnded(since: stored) {
            try end(handle, as: run.info)
            hasAdditions = true
        }
        let params = try addMissing(run.params, to: handle)
        let tags = try addMissing(run.tags, to: handle)
        let areLinksNew = try addMissingLinks(of: run, to: handle)
        hasAdditions = hasAdditions || params.hasAdditions || tags.hasAdditions || areLinksNew
        report.count(.run) { $0.countExisting(hasAdditions: hasAdditions) }
        report.remark(
            .run,
            run.info.runID,
            differences: run.info.differences(from: stored),
            tags: tags.conflicts,
            params: params.conflicts
        )
    }

    /// Returns a new run with the id of its experiment in this store, and with an artifact location if the source sent none.
    private func withDestination(_ transferred: TransferredRun, _ state: ImportState) throws -> TransferredRun {
        var new = transferred
        new.run.info.experimentID = try experimentID(of: transferred.experiment, state)
        if new.run.info.artifactURI.isEmpty {
            let experiment = try experimentToChange(new.run.info.experimentID)
            let runID = new.run.info.runID
            new.run.info.artifactURI = Experiment.runLocation(runID, beneath: experiment.artifactLocation)
        }
        if new.run.info.lifecycleStage == .active { new.deletedTime = nil }
        return new
    }

    /// Returns the information about the stored run with this id if the run is the same as at the source.
    ///
    /// Throws if the stored run has another experiment, start time or user, or if a client may have created it with this id in
    /// order to get the imported data.
    @discardableResult
    private func requireSameRun(
        _ run: RunHandle,
        _ runID: String,
        _ identity: RunIdentity,
        _ state: ImportState
    ) throws -> RunInfo {
        let experimentID = try experimentID(of: identity.experiment, state)
        let stored = try info(of: run, id: runID)
        try requireSameExperiment(stored.experimentID, experimentID, "run", identity.experiment)
        guard identity.matches(stored) else {
            throw TrackingError(
                .invalidParameterValue,
                "another run with this id is stored: it started at \(stored.startTime) and belongs to the user "
                    + "'\(shortened(stored.userID))'; the imported run started at \(identity.startTime) and belongs to "
                    + "'\(shortened(identity.userID))'"
            )
        }
        try requireTrustedCreator(of: run, importedFrom: identity.experiment, to: stored.experimentID)
        return stored
    }

    func importPoints(_ points: TransferredPoints, _ state: inout ImportState, _ report: inout TransferReport) throws {
        guard let run = try runToChange(points.runID) else { throw missingOrForbidden(.runNotFound(points.runID)) }
        if !state.isConfirmed(.run, points.runID) {
            if let identity = points.identity {
                try requireSameRun(run, points.runID, identity, state)
                state.confirm(.run, points.runID)
            } else {
                // Without an identity, the stored run cannot be compared with that of the source; only its creator is checked.
                try requireTrustedCreator(of: run, importedFrom: nil, to: nil)
            }
        }
        try add(points, to: run, &report)
    }
}

// MARK: Logged models

extension RecordImporting {
    func importLoggedModel(
        _ transferred: TransferredLoggedModel,
        _ state: ImportState,
        _ report: inout TransferReport
    ) throws {
        let model = transferred.model
        let id = model.info.modelID
        guard let handle = try loggedModelToChange(id) else {
            var info = model.info
            info.experimentID = try experimentID(of: transferred.experiment, state)
            try requireCreation(of: .loggedModel)
            let handle = try add(info)
            _ = try addMissing(model.params, to: handle, id: id)
            _ = try addMissing(model.tags, to: handle, id: id)
            report.count(.loggedModel) { $0.added += 1 }
            return
        }
        let stored = try requireSameModel(handle, id, transferred.identity, state)
        var hasAdditions = false
        if model.info.isFinalized(since: stored) {
            try finalize(handle, as: model.info)
            hasAdditions = true
        }
        let params = try addMissing(model.params, to: handle, id: id)
        let tags = try addMissing(model.tags, to: handle, id: id)
        hasAdditions = hasAdditions || params.hasAdditions || tags.hasAdditions
        report.count(.loggedModel) { $0.countExisting(hasAdditions: hasAdditions) }
        report.remark(
            .loggedModel,
            id,
            differences: model.info.differences(from: stored),
            tags: tags.conflicts,
            params: params.conflicts
        )
    }

    /// Returns the information about the stored model with this id; throws if the model is not the same as at the source.
    @discardableResult
    private func requireSameModel(
        _ model: LoggedModelHandle,
        _ modelID: String,
        _ identity: LoggedModelIdentity,
        _ state: ImportState
    ) throws -> LoggedModelInfo {
        let stored = try info(of: model, id: modelID)
        let experimentID = try experimentID(of: identity.experiment, state)
        try requireSameExperiment(stored.experimentID, experimentID, "logged model", identity.experiment)
        guard stored.creationTime == identity.creationTime else {
            throw TrackingError(
                .invalidParameterValue,
                "another logged model with this id is stored: it was created at \(stored.creationTime), the imported one at "
                    + "\(identity.creationTime)"
            )
        }
        return stored
    }

    func importModelPoints(
        _ transferred: TransferredModelPoints,
        _ state: inout ImportState,
        _ report: inout TransferReport
    ) throws {
        guard let model = try loggedModelToChange(transferred.modelID) else {
            throw TrackingError.loggedModelNotFound(transferred.modelID)
        }
        if let identity = transferred.identity, !state.isConfirmed(.loggedModel, transferred.modelID) {
            try requireSameModel(model, transferred.modelID, identity, state)
            state.confirm(.loggedModel, transferred.modelID)
        }
        for var point in transferred.points {
            point.modelID = transferred.modelID
            let isLeftOut = state.hasLeftOut(.run, point.runID)
            guard !isLeftOut, let run = try runToChange(point.runID) else {
                let reason = isLeftOut ? "was left out" : "is not stored"
                report.remark(
                    .modelPoints,
                    transferred.modelID,
                    "a point was left out: its run \(point.runID) \(reason)"
                )
                continue
            }
            try add(point, of: run, &report)
        }
    }
}
