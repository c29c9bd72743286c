internal import Identities

extension RecordTaking {
    func take(_ transferred: TransferredRun, _ course: TransferCourse, _ report: inout TransferReport) throws {
        let run = transferred.run
        guard let key = try takenRun(run.info.runID) else {
            let new = try placed(transferred, course)
            try requireCreation(of: .run)
            let key = try add(new)
            _ = try complete(run.params, of: key)
            _ = try complete(run.tags, of: key)
            _ = try completeLinks(of: key, run)
            report.count(.run) { $0.added += 1 }
            return
        }
        let stored = try requireSameRun(key, run.info.runID, transferred.proof, course)
        var isCompleted = false
        if run.info.ends(stored) {
            try end(key, as: run.info)
            isCompleted = true
        }
        let params = try complete(run.params, of: key)
        let tags = try complete(run.tags, of: key)
        let areLinksNew = try completeLinks(of: key, run)
        isCompleted = isCompleted || params.isCompleted || tags.isCompleted || areLinksNew
        report.count(.run) { $0.note(isCompleted: isCompleted) }
        report.remark(
            .run,
            run.info.runID,
            differences: run.info.differences(from: stored),
            tags: tags.conflicts,
            params: params.conflicts
        )
    }

    /// Returns a new run as a run of its experiment here, with a location of its artifacts.
    private func placed(_ transferred: TransferredRun, _ course: TransferCourse) throws -> TransferredRun {
        var placed = transferred
        placed.run.info.experimentID = try experimentID(of: transferred.home, course)
        if placed.run.info.artifactURI.isEmpty {
            let experiment = try experimentToChange(placed.run.info.experimentID)
            placed.run.info.artifactURI =
                ArtifactLocation(experiment.artifactLocation).appending("\(placed.run.info.runID)/artifacts").uri
        }
        if placed.run.info.lifecycleStage == .active { placed.deletedTime = nil }
        return placed
    }

    /// Throws unless a stored run is the one of the source, and nobody may have made it here to get what comes; returns it
    /// otherwise.
    @discardableResult
    private func requireSameRun(
        _ key: RunHandle,
        _ runID: String,
        _ proof: RunProof,
        _ course: TransferCourse
    ) throws -> RunInfo {
        let experimentID = try experimentID(of: proof.home, course)
        let stored = try info(of: key, id: runID)
        try requireSameExperiment(stored.experimentID, experimentID, "the run", proof.home)
        guard proof.fits(stored) else {
            throw TrackingError(
                .invalidParameterValue,
                "the run that has this id here is another one: it started at \(stored.startTime) and is of the user "
                    + "'\(shortened(stored.userID))', and the one that comes at \(proof.startTime) and of "
                    + "'\(shortened(proof.userID))'"
            )
        }
        try requireMaker(of: key, in: proof.home, stored.experimentID)
        return stored
    }

    func take(_ points: TransferredPoints, _ course: inout TransferCourse, _ report: inout TransferReport) throws {
        guard let key = try takenRun(points.runID) else { throw missingOrForbidden(.runNotFound(points.runID)) }
        if !course.has(.run, points.runID) {
            if let proof = points.proof {
                try requireSameRun(key, points.runID, proof, course)
                course.note(.run, points.runID)
            } else {
                try requireMaker(of: key, in: nil, nil)
            }
        }
        try add(points, to: key, &report)
    }
}

// MARK: Logged models

extension RecordTaking {
    func take(
        _ transferred: TransferredLoggedModel,
        _ course: TransferCourse,
        _ report: inout TransferReport
    ) throws {
        let model = transferred.model
        let id = model.info.modelID
        guard let key = try takenLoggedModel(id) else {
            var info = model.info
            info.experimentID = try experimentID(of: transferred.home, course)
            try requireCreation(of: .loggedModel)
            let key = try add(info)
            _ = try complete(model.params, of: key, id: id)
            _ = try complete(model.tags, of: key, id: id)
            report.count(.loggedModel) { $0.added += 1 }
            return
        }
        let stored = try requireSameModel(key, id, transferred.proof, course)
        var isCompleted = false
        if model.info.finishes(stored) {
            try finalize(key, as: model.info)
            isCompleted = true
        }
        let params = try complete(model.params, of: key, id: id)
        let tags = try complete(model.tags, of: key, id: id)
        isCompleted = isCompleted || params.isCompleted || tags.isCompleted
        report.count(.loggedModel) { $0.note(isCompleted: isCompleted) }
        report.remark(
            .loggedModel,
            id,
            differences: model.info.differences(from: stored),
            tags: tags.conflicts,
            params: params.conflicts
        )
    }

    /// Throws unless the stored model is the one of the source; returns it otherwise.
    @discardableResult
    private func requireSameModel(
        _ key: LoggedModelHandle,
        _ modelID: String,
        _ proof: LoggedModelProof,
        _ course: TransferCourse
    ) throws -> LoggedModelInfo {
        let stored = try info(of: key, id: modelID)
        let experimentID = try experimentID(of: proof.home, course)
        try requireSameExperiment(stored.experimentID, experimentID, "the logged model", proof.home)
        guard stored.creationTime == proof.creationTime else {
            throw TrackingError(
                .invalidParameterValue,
                "the logged model that has this id here is another one: it was created at \(stored.creationTime), and the one "
                    + "that comes at \(proof.creationTime)"
            )
        }
        return stored
    }

    func take(
        _ transferred: TransferredModelPoints,
        _ course: inout TransferCourse,
        _ report: inout TransferReport
    ) throws {
        guard let key = try takenLoggedModel(transferred.modelID) else {
            throw TrackingError.loggedModelNotFound(transferred.modelID)
        }
        if let proof = transferred.proof, !course.has(.loggedModel, transferred.modelID) {
            try requireSameModel(key, transferred.modelID, proof, course)
            course.note(.loggedModel, transferred.modelID)
        }
        for var point in transferred.points {
            point.modelID = transferred.modelID
            let isLeftOut = course.hasLeftOut(.run, point.runID)
            guard !isLeftOut, let run = try takenRun(point.runID) else {
                let text = "a point left out: its run \(point.runID) is \(isLeftOut ? "left out" : "not stored")"
                report.remark(.modelPoints, transferred.modelID, text)
                continue
            }
            try add(point, of: run, &report)
        }
    }
}
