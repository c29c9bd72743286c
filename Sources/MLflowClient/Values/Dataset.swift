internal import JSON

/// The description of data that a run used.
public struct Dataset: Sendable, Hashable {
    /// The name, at most 500 characters.
    public var name: String
    /// A hash or another text by which versions of the data are told apart.
    public var digest: String
    /// The kind of the source, such as `local` or `s3`.
    public var sourceType: String
    /// The source, in the form that `sourceType` requires, often JSON.
    public var source: String
    /// The columns, often as JSON; nil if unknown.
    public var schema: String?
    /// Statistics of the data, often as JSON; nil if unknown.
    public var profile: String?

    /// Makes a description of data.
    public init(
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

    init(_ value: JSONValue) throws(MLflowError) {
        name = value.text("name")
        digest = value.text("digest")
        sourceType = value.text("source_type")
        source = value.text("source")
        schema = value.optionalText("schema")
        profile = value.optionalText("profile")
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", name)
        writer.member("digest", digest)
        writer.member("source_type", sourceType)
        writer.member("source", source)
        writer.member("schema", ifPresent: schema)
        writer.member("profile", ifPresent: profile)
        writer.endObject()
    }
}

/// A dataset as the input of a run.
public struct DatasetInput: Sendable, Hashable {
    /// The data.
    public var dataset: Dataset
    /// The tags of the input.
    ///
    /// MLflow's pages show `mlflow.data.context`, which says what the run used the data for.
    public var tags: [Tag]

    /// - Parameter context: what the data is used for, such as `training`; stored as the tag `mlflow.data.context`.
    public init(_ dataset: Dataset, context: String? = nil, tags: [Tag] = []) {
        self.dataset = dataset
        self.tags = (context.map { [Tag("mlflow.data.context", $0)] } ?? []) + tags
    }

    init(_ value: JSONValue) throws(MLflowError) {
        dataset = try Dataset(value.object("dataset"))
        tags = try value.list("tags", Tag.init)
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("tags", tags: tags)
        writer.key("dataset")
        dataset.write(to: &writer)
        writer.endObject()
    }
}

/// The datasets and models that a run used.
public struct RunInputs: Sendable, Hashable {
    /// The datasets that the run used.
    public let datasetInputs: [DatasetInput]
    /// The ids of the logged models that the run used.
    public let modelIDs: [String]

    init(_ value: JSONValue?) throws(MLflowError) {
        datasetInputs = try value?.list("dataset_inputs", DatasetInput.init) ?? []
        let modelID = { (item: JSONValue) throws(MLflowError) in try item.requiredText("model_id") }
        modelIDs = try value?.list("model_inputs", modelID) ?? []
    }
}

/// A logged model that a run made.
public struct ModelOutput: Sendable, Hashable {
    /// The id of the logged model.
    public var modelID: String
    /// The training step after which the model was made.
    public var step: Int64

    /// Makes an output from a model's id and step.
    public init(modelID: String, step: Int64 = 0) {
        self.modelID = modelID
        self.step = step
    }

    init(_ value: JSONValue) throws(MLflowError) {
        modelID = try value.requiredText("model_id")
        step = value.integer("step") ?? 0
    }
}

/// The models that a run made.
public struct RunOutputs: Sendable, Hashable {
    /// The logged models that the run made.
    public let modelOutputs: [ModelOutput]

    init(_ value: JSONValue?) throws(MLflowError) {
        modelOutputs = try value?.list("model_outputs", ModelOutput.init) ?? []
    }
}
