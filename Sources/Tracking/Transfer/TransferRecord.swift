/// One piece of the data that is copied from one server to another, with the ids and times of its source.
///
/// A record refers only to earlier records, so their order is: experiments, runs, points, logged models and their
/// points, registered models, versions. An entity may occur in several records, each with a part of its data.
package enum TransferRecord: Sendable, Equatable {
    case experiment(Experiment)
    case run(TransferredRun)
    case points(TransferredPoints)
    case loggedModel(TransferredLoggedModel)
    case modelPoints(TransferredModelPoints)
    case registeredModel(TransferredRegisteredModel)
    case modelVersion(TransferredModelVersion)
}

/// The id and the name that the experiment of a transferred run or model has at the source.
///
/// The name is needed because the id may belong to another experiment at the destination.
package struct SourceExperiment: Sendable, Equatable {
    package var id: Int64
    package var name: String
    /// The creation time of the experiment, which distinguishes it from another one with the same id; nil if unknown.
    package var creationTime: Int64?

    package init(id: Int64, name: String, creationTime: Int64? = nil) {
        self.id = id
        self.name = name
        self.creationTime = creationTime
    }
}

/// The facts that distinguish the run of the source from another stored run with the same id.
package struct RunIdentity: Sendable, Equatable {
    package var experiment: SourceExperiment
    package var startTime: Int64
    /// Empty if the source does not know the user.
    package var userID: String

    package init(experiment: SourceExperiment, startTime: Int64, userID: String) {
        self.experiment = experiment
        self.startTime = startTime
        self.userID = userID
    }
}

/// The facts that distinguish the logged model of the source from another stored model with the same id.
package struct LoggedModelIdentity: Sendable, Equatable {
    package var experiment: SourceExperiment
    package var creationTime: Int64

    package init(experiment: SourceExperiment, creationTime: Int64) {
        self.experiment = experiment
        self.creationTime = creationTime
    }
}

/// A run without the histories of its metrics.
package struct TransferredRun: Sendable, Equatable {
    /// The run; its experiment id is that of `experiment`.
    ///
    /// The run has no metrics if the points follow in other records; otherwise it has the latest point of each metric.
    package var run: Run
    package var experiment: SourceExperiment
    /// Unix milliseconds; nil unless the run is deleted and the time is known.
    package var deletedTime: Int64?

    package init(run: Run, experiment: SourceExperiment, deletedTime: Int64? = nil) {
        self.run = run
        self.experiment = experiment
        self.deletedTime = deletedTime
    }

    package var identity: RunIdentity {
        RunIdentity(experiment: experiment, startTime: run.info.startTime, userID: run.info.userID)
    }
}

/// Points of one metric of one run.
package struct TransferredPoints: Sendable, Equatable {
    package var runID: String
    package var key: String
    /// Shows whether the stored run with this id is the same as at the source.
    ///
    /// Nil if the sender does not send this; the stored run is then accepted without a comparison.
    package var identity: RunIdentity?
    /// The points; storing them is cheapest if they are in ascending order of (timestamp, step).
    package var points: [MetricPoint]

    package init(runID: String, key: String, points: [MetricPoint], identity: RunIdentity? = nil) {
        self.identity = identity
        self.runID = runID
        self.key = key
        self.points = points
    }
}

/// A logged model without its points.
package struct TransferredLoggedModel: Sendable, Equatable {
    /// The model, with no metrics; its experiment id is that of `experiment`.
    package var model: LoggedModel
    package var experiment: SourceExperiment

    package init(model: LoggedModel, experiment: SourceExperiment) {
        self.model = model
        self.experiment = experiment
    }

    package var identity: LoggedModelIdentity {
        LoggedModelIdentity(experiment: experiment, creationTime: model.info.creationTime)
    }
}

/// Points of one logged model.
package struct TransferredModelPoints: Sendable, Equatable {
    package var modelID: String
    package var points: [ModelMetric]
    /// Shows whether the stored model with this id is the same as at the source.
    ///
    /// Nil if the sender does not send this; the stored model is then accepted without a comparison.
    package var identity: LoggedModelIdentity?

    package init(modelID: String, points: [ModelMetric], identity: LoggedModelIdentity? = nil) {
        self.modelID = modelID
        self.points = points
        self.identity = identity
    }
}

/// A registered model without its versions.
package struct TransferredRegisteredModel: Sendable, Equatable {
    package var model: RegisteredModel
    /// The highest number that a version has had, including deleted versions; 0 if the source does not know it.
    package var lastVersion: Int64

    package init(model: RegisteredModel, lastVersion: Int64 = 0) {
        self.model = model
        self.lastVersion = lastVersion
    }
}

/// A version of a registered model.
package struct TransferredModelVersion: Sendable, Equatable {
    /// The version, with no aliases: these are part of the registered model.
    package var version: ModelVersion
    /// The location of the artifacts; nil if it equals the source.
    package var storageLocation: String?
    /// The creation time of the registered model, which distinguishes it from another model with the same name.
    package var modelCreationTime: Int64

    package init(version: ModelVersion, storageLocation: String?, modelCreationTime: Int64) {
        self.version = version
        self.storageLocation = storageLocation
        self.modelCreationTime = modelCreationTime
    }
}
