/// Which records of one import have been imported or left out so far, because later records may depend on them.
struct ImportState {
    /// The ids, in this store, of the imported experiments, by their names.
    var experimentIDs: [ExactText: Int64] = [:]
    private var experimentsLeftOut: Set<ExactText> = []
    /// The runs and models that were imported, or for which this store has the same run or model as the source.
    private var confirmedOwners: Set<TransferOwner> = []
    private var ownersLeftOut: Set<TransferOwner> = []

    func isConfirmed(_ kind: TransferKind, _ id: String) -> Bool { confirmedOwners.contains(TransferOwner(kind, id)) }

    func hasLeftOut(_ kind: TransferKind, _ id: String) -> Bool { ownersLeftOut.contains(TransferOwner(kind, id)) }

    mutating func confirm(_ kind: TransferKind, _ id: String) {
        confirmedOwners.insert(TransferOwner(kind, id))
        ownersLeftOut.remove(TransferOwner(kind, id))
    }

    mutating func noteImported(_ record: TransferRecord) {
        switch record {
        case .experiment(let experiment): experimentsLeftOut.remove(ExactText(experiment.name))
        case .run(let run): confirm(.run, run.run.info.runID)
        case .loggedModel(let model): confirm(.loggedModel, model.model.info.modelID)
        case .points, .modelPoints, .registeredModel, .modelVersion: break
        }
    }

    mutating func noteLeftOut(_ record: TransferRecord) {
        let (kind, id) = record.subject
        switch record {
        case .experiment(let experiment):
            experimentsLeftOut.insert(ExactText(experiment.name))
            experimentIDs[ExactText(experiment.name)] = nil
        case .run, .loggedModel:
            confirmedOwners.remove(TransferOwner(kind, id))
            ownersLeftOut.insert(TransferOwner(kind, id))
        case .points, .modelPoints, .registeredModel, .modelVersion: break
        }
    }

    /// Throws if the record belongs to an experiment, a run or a model that was left out.
    func requireOwner(of record: TransferRecord) throws(TrackingError) {
        switch record {
        case .run(let run): try requireExperiment(run.experiment)
        case .loggedModel(let model): try requireExperiment(model.experiment)
        case .points(let points):
            guard hasLeftOut(.run, points.runID) else { return }
            throw .invalidParameter("its run was left out")
        case .modelPoints(let points):
            guard hasLeftOut(.loggedModel, points.modelID) else { return }
            throw .invalidParameter("its model was left out")
        case .experiment, .registeredModel, .modelVersion: break
        }
    }

    private func requireExperiment(_ sourceExperiment: SourceExperiment) throws(TrackingError) {
        guard experimentsLeftOut.contains(ExactText(sourceExperiment.name)) else { return }
        throw .invalidParameter("its experiment was left out")
    }
}
