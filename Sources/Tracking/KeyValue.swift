/// A parameter of a run or of a logged model; its value never changes.
package struct Param: Sendable, Equatable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A tag of an experiment, run, dataset input, logged model, registered model or model version.
package struct Tag: Sendable, Equatable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// The key of the tag that contains a run's name.
    package static let runNameKey = "mlflow.runName"
    /// The key of the tag that contains the id of a nested run's parent.
    package static let parentRunIDKey = "mlflow.parentRunId"
    /// The key of the tag that lists, as JSON, the models that older clients logged with a run.
    package static let loggedModelsKey = "mlflow.log-model.history"
    /// The key of a dataset input's tag that says what the data was used for.
    package static let datasetContextKey = "mlflow.data.context"
}
