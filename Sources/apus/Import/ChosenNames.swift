internal import Tracking
internal import Transfer

/// The experiments and runs that are asked for by name and have not been found yet.
struct ChosenNames {
    /// Whether only a part of the runs is chosen, so that experiments are imported only with runs or models of theirs.
    private(set) var isPartOfRuns = false
    private var experiments: [String] = []
    private var runs: [String] = []

    init() {}

    init(_ selection: TransferSelection) {
        (experiments, runs) = (selection.experiments, selection.runs)
        isPartOfRuns = !runs.isEmpty || selection.since != nil
    }

    mutating func note(_ record: TransferRecord) {
        switch record {
        case .experiment(let experiment):
            experiments.removeAll { $0.isExactly(experiment.name) || $0.isExactly(String(experiment.id)) }
        case .run(let run): runs.removeAll { $0.isExactly(run.run.info.runID) }
        case .points, .loggedModel, .modelPoints, .registeredModel, .modelVersion: break
        }
    }

    /// The experiments and runs that were not found, with the reason.
    var missing: [(place: String, reason: String)] {
        experiments.map { ("experiment \($0)", "the source has none of this name or id") }
            + runs.map { ("run \($0)", "the source has none of this id among what is chosen") }
    }
}
