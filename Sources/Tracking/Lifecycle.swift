extension LifecycleStage {
    /// Refuses to write what is deleted.
    ///
    /// - Parameter kind: "experiment" or "run".
    package func requireActive(_ kind: String, id: @autoclosure () -> String) throws(TrackingError) {
        guard self == .active else {
            throw .invalidParameter("The \(kind) \(id()) must be in the 'active' state. Current state is \(wireName).")
        }
    }
}

/// The stage that an experiment or a run gets, and the time of deletion that is stored with it.
///
/// The runs of an experiment are moved together with it.
package struct LifecycleMove: Sendable, Equatable {
    package let stage: LifecycleStage
    /// Unix milliseconds; nil for what is active again.
    package let deletedTime: Int64?

    package static func deletion(at time: Int64) -> LifecycleMove {
        LifecycleMove(stage: .deleted, deletedTime: time)
    }

    package static let restoration = LifecycleMove(stage: .active, deletedTime: nil)
}
