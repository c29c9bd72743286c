/// A location that contains artifacts of an experiment.
package struct ExperimentArtifactLocation: Sendable {
    package enum Kind: Sendable {
        /// The experiment's own location. All artifacts in it belong to the experiment.
        case experiment
        /// The location of one run or logged model.
        case thing
        /// A folder whose subfolders are named by the ids of runs or logged models. It may also have subfolders of runs and
        /// models of other experiments.
        case shared
    }

    package let experimentID: Int64
    package let location: String
    package let kind: Kind

    /// - Parameter holdsIDs: whether subfolders are named by ids; nil for an experiment's own location.
    package init(experimentID: Int64, location: String, holdsIDs: Bool?) {
        self.experimentID = experimentID
        self.location = location
        kind =
            switch holdsIDs {
            case nil: .experiment
            case false: .thing
            case true: .shared
            }
    }
}

/// A run or a logged model to which artifacts belong.
package struct ArtifactOwner: Sendable {
    package let experimentID: Int64
    package let isLoggedModel: Bool
    /// The location of all artifacts of the run or model.
    package let location: String

    package init(experimentID: Int64, isLoggedModel: Bool, location: String) {
        self.experimentID = experimentID
        self.isLoggedModel = isLoggedModel
        self.location = location
    }
}
