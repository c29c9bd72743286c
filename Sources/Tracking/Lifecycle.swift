extension LifecycleStage {
    /// Throws `.invalidParameterValue` unless the stage is active.
    ///
    /// - Parameters:
    ///   - kind: "experiment" or "run", for the message.
    ///   - id: the id of the experiment or run, for the message.
    package func requireActive(_ kind: String, id: @autoclosure () -> String) throws(TrackingError) {
        guard self == .active else {
            throw .invalidParameter("The \(kind) \(id()) must be in the 'active' state. Current state is \(wireName).")
        }
    }
}

/// A deletion or a restoration: the new stage of an experiment or run, and the time of deletion to store.
///
/// The move of an experiment gives all of its runs the same stage.
package struct LifecycleMove: Sendable, Equatable {
    package let stage: LifecycleStage
    /// Unix milliseconds; nil for a restoration.
    package let deletedTime: Int64?

    package static func deletion(at time: Int64) -> LifecycleMove { LifecycleMove(stage: .deleted, deletedTime: time) }

    package static let restoration = LifecycleMove(stage: .active, deletedTime: nil)
}
