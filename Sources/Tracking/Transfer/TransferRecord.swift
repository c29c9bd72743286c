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
    /// The run, with no metrics; its experiment id is that of `home`.
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
    /// The points; storing them is cheapest if they are in ascending order of (timestamp, step).
    package var points: [MetricPoint]

    package init(runID: String, key: String, points: [MetricPoint]) {
        self.runID = runID
        self.key = key
        self.points = points
    }
}

/// A logged model without its points.
package struct TransferredLoggedModel: Sendable, Equatable {
    /// The model, with no metrics; its experiment id is that of `home`.
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
    /// The creation time of the registered model, by which it differs from another model with the same name.
    package var modelCreationTime: Int64

    package init(version: ModelVersion, storageLocation: String?, modelCreationTime: Int64) {
        self.version = version
        self.storageLocation = storageLocation
        self.modelCreationTime = modelCreationTime
    }
}
