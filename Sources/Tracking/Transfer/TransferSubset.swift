/// The part of a server's data that is transferred.
package enum TransferSubset: Sendable, Equatable {
    /// All data, including the model registry.
    case everything
    /// The experiments with these ids, with their runs and logged models.
    case experiments([Int64])
    /// The runs with these ids, the logged models that these runs created, and the experiments to which both belong.
    case runs([String])

    package var namesRuns: Bool { if case .runs = self { true } else { false } }

    /// Whether registered models and their versions are transferred.
    package var includesRegistry: Bool { self == .everything }
}
