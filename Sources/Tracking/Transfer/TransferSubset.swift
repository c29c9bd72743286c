/// Which things of a store travel.
package enum TransferSubset: Sendable, Equatable {
    /// All, the registry included.
    case everything
    /// Experiments with their runs and logged models.
    case experiments([Int64])
    /// Runs with the logged models that they made, and the experiments that both belong to.
    case runs([String])

    /// Whether runs are named, and not whole experiments.
    package var namesRuns: Bool { if case .runs = self { true } else { false } }

    /// Whether registered models and their versions travel.
    package var includesRegistry: Bool { self == .everything }
}
