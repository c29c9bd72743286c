/// A dataset of an experiment, identified by its name and digest.
package struct Dataset: Sendable, Equatable {
    package var name: String
    package var digest: String
    package var sourceType: String
    package var source: String
    /// JSON text, at most 1,048,575 code points; nil if the client sent no schema.
    package var schema: String?
    /// JSON text, at most 16,777,215 code points; nil if the client sent no profile.
    package var profile: String?

    package init(
        name: String,
        digest: String,
        sourceType: String,
        source: String,
        schema: String? = nil,
        profile: String? = nil
    ) {
        self.name = name
        self.digest = digest
        self.sourceType = sourceType
        self.source = source
        self.schema = schema
        self.profile = profile
    }
}

/// A dataset that a run used, with the tags of this use.
package struct DatasetInput: Sendable, Equatable {
    package var dataset: Dataset
    package var tags: [Tag]

    package init(dataset: Dataset, tags: [Tag]) {
        self.dataset = dataset
        self.tags = tags
    }
}

/// One element of the answer of `experiments/search-datasets`.
package struct DatasetSummary: Sendable, Equatable {
    package var experimentID: Int64
    package var name: String
    package var digest: String
    /// The value of the input's tag `mlflow.data.context`; nil if the input does not have this tag.
    package var context: String?

    package init(experimentID: Int64, name: String, digest: String, context: String?) {
        self.experimentID = experimentID
        self.name = name
        self.digest = digest
        self.context = context
    }
}

/// A logged model that a run read.
package struct ModelInput: Sendable, Equatable {
    package var modelID: String

    package init(modelID: String) { self.modelID = modelID }
}

/// A logged model that a run produced.
package struct ModelOutput: Sendable, Equatable {
    package var modelID: String
    package var step: Int64

    package init(modelID: String, step: Int64) {
        self.modelID = modelID
        self.step = step
    }
}
