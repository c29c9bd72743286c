internal import Tracking
internal import Transfer

/// The experiments and runs that the user has named and that the source has not yielded yet.
struct UnfoundNames {
    /// Whether only some runs are chosen; if so, an experiment is imported only together with one of its runs or models.
    private(set) var includesOnlySomeRuns = false
    private var experiments: [String] = []
    private var runs: [String] = []

    init() {}

    init(_ selection: TransferSelection) {
        (experiments, runs) = (selection.experiments, selection.runs)
        includesOnlySomeRuns = !runs.isEmpty || selection.since != nil
    }

    /// Removes the name of a record that the source has yielded.
    mutating func remove(_ record: TransferRecord) {
        switch record {
        case .experiment(let experiment):
            experiments.removeAll { $0.isExactly(experiment.name) || $0.isExactly(String(experiment.id)) }
        case .run(let run): runs.removeAll { $0.isExactly(run.run.info.runID) }
        case .points, .loggedModel, .modelPoints, .registeredModel, .modelVersion: break
        }
    }

    /// The experiments and runs that were not found, with the reason.
    var missing: [(item: String, reason: String)] {
        experiments.map { ("experiment \($0)", "the source has none with this name or id") }
            + runs.map { ("run \($0)", "the chosen part of the source has no run with this id") }
    }
}
