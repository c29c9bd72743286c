/// The part of a server's data that is transferred.
package enum TransferSubset: Sendable, Equatable {
    /// All data, including the model registry.
    case everything
    /// The experiments with these ids, with their runs and logged models.
    case experiments([Int64])
    /// The runs with these ids, with the logged models that they made, and the experiments that both belong to.
    case runs([String])

    package var namesRuns: Bool { if case .runs = self { true } else { false } }

    /// Whether registered models and their versions are transferred.
    package var includesRegistry: Bool { self == .everything }
}
