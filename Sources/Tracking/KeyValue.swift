/// A parameter of a run: written once, never changed.
package struct Param: Sendable, Equatable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A tag of an experiment, a run or a dataset input.
package struct Tag: Sendable, Equatable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// The tag that carries a run's name.
    package static let runNameKey = "mlflow.runName"
    /// The run to which a nested run belongs.
    package static let parentRunIDKey = "mlflow.parentRunId"
    /// The tag that lists, as JSON, the models that older clients logged with a run.
    package static let loggedModelsKey = "mlflow.log-model.history"
    /// The tag of a dataset input that says what the data was used for.
    package static let datasetContextKey = "mlflow.data.context"
}
