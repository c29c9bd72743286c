internal import JSON

/// Data that a run used, by its description.
public struct Dataset: Sendable, Hashable {
    /// Its name, at most 500 characters.
    public var name: String
    /// Tells versions of it apart.
    public var digest: String
    /// What kind of source it has, such as `local` or `s3`.
    public var sourceType: String
    /// Where it comes from, in the form of the kind of source, often JSON.
    public var source: String
    /// Its columns, often as JSON; nil if unknown.
    public var schema: String?
    /// Its statistics, often as JSON; nil if unknown.
    public var profile: String?

    /// A description of data.
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
    /// What the run used it for; MLflow's pages show the tag `mlflow.data.context`.
    public var tags: [Tag]

    /// - Parameter context: such as `training`; becomes a tag.
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

/// What a run was made from.
public struct RunInputs: Sendable, Hashable {
    /// The data that it used.
    public let datasetInputs: [DatasetInput]
    /// The ids of the logged models that it used.
    public let modelIDs: [String]

    init(_ value: JSONValue?) throws(MLflowError) {
        datasetInputs = try value?.list("dataset_inputs", DatasetInput.init) ?? []
        modelIDs = try value?.list("model_inputs") { item throws(MLflowError) in try item.id("model_id") } ?? []
    }
}

/// A logged model that a run made.
public struct ModelOutput: Sendable, Hashable {
    /// The id of the logged model.
    public var modelID: String
    /// The step after which it was made.
    public var step: Int64

    /// A model made after a step.
    public init(modelID: String, step: Int64 = 0) {
        self.modelID = modelID
        self.step = step
    }

    init(_ value: JSONValue) throws(MLflowError) {
        modelID = try value.id("model_id")
        step = value.integer("step") ?? 0
    }
}

/// What a run made.
public struct RunOutputs: Sendable, Hashable {
    /// The logged models.
    public let modelOutputs: [ModelOutput]

    init(_ value: JSONValue?) throws(MLflowError) {
        modelOutputs = try value?.list("model_outputs", ModelOutput.init) ?? []
    }
}
