/// A thing on its way from one store to another, with the ids and times that it had there.
///
/// Records come in an order in which each names only things before it: experiments, runs, points, logged models and
/// their points, registered models, versions. A thing may come again, also in part.
package enum TransferRecord: Sendable, Equatable {
    case experiment(Experiment)
    case run(TransferredRun)
    case points(TransferredPoints)
    case loggedModel(TransferredLoggedModel)
    case modelPoints(TransferredModelPoints)
    case registeredModel(TransferredRegisteredModel)
    case modelVersion(TransferredModelVersion)
}

/// The experiment of a transferred thing, as its store knew it.
///
/// The id may belong to another experiment where the thing goes, so that the name comes along.
package struct TransferredHome: Sendable, Equatable {
    package var id: Int64
    package var name: String

    package init(id: Int64, name: String) {
        self.id = id
        self.name = name
    }
}

/// A run without its points.
package struct TransferredRun: Sendable, Equatable {
    /// Its metrics are empty, and its experiment id is that of `home`.
    package var run: Run
    package var home: TransferredHome
    /// Unix milliseconds; nil unless the run is deleted and the time is known.
    package var deletedTime: Int64?

    package init(run: Run, home: TransferredHome, deletedTime: Int64? = nil) {
        self.run = run
        self.home = home
        self.deletedTime = deletedTime
    }
}

/// Points of one metric of one run.
package struct TransferredPoints: Sendable, Equatable {
    package var runID: String
    package var key: String
    /// Cheapest in ascending order of (timestamp, step).
    package var points: [MetricPoint]

    package init(runID: String, key: String, points: [MetricPoint]) {
        self.runID = runID
        self.key = key
        self.points = points
    }
}

/// A logged model without its points.
package struct TransferredLoggedModel: Sendable, Equatable {
    /// Its metrics are empty, and its experiment id is that of `home`.
    package var model: LoggedModel
    package var home: TransferredHome

    package init(model: LoggedModel, home: TransferredHome) {
        self.model = model
        self.home = home
    }
}

/// Points of one logged model.
package struct TransferredModelPoints: Sendable, Equatable {
    package var modelID: String
    package var points: [ModelMetric]

    package init(modelID: String, points: [ModelMetric]) {
        self.modelID = modelID
        self.points = points
    }
}

/// An entry of the registry without its versions.
package struct TransferredRegisteredModel: Sendable, Equatable {
    package var model: RegisteredModel
    /// The highest number that a version has had; 0 where the store does not remember it.
    package var lastVersion: Int64

    package init(model: RegisteredModel, lastVersion: Int64 = 0) {
        self.model = model
        self.lastVersion = lastVersion
    }
}

/// A version of a registered model.
package struct TransferredModelVersion: Sendable, Equatable {
    /// Its aliases are empty: they come with the model.
    package var version: ModelVersion
    /// The location of the artifacts; nil if it equals the source.
    package var storageLocation: String?
    /// The time at which the model was created; tells it from another of the same name.
    package var modelCreationTime: Int64

    package init(version: ModelVersion, storageLocation: String?, modelCreationTime: Int64) {
        self.version = version
        self.storageLocation = storageLocation
        self.modelCreationTime = modelCreationTime
    }
}
