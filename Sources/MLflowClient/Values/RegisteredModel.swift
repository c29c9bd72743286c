internal import JSON

/// A model of the registry: a name with versions, tags and aliases.
public struct RegisteredModel: Sendable, Hashable {
    /// The name, unique in the registry.
    public let name: String
    /// The description for people.
    public let description: String
    /// The creation time in milliseconds since 1970.
    public let creationTime: Int64?
    /// The time of the last change in milliseconds since 1970.
    public let lastUpdateTime: Int64?
    /// The tags, in the server's order.
    public let tags: [Tag]
    /// The aliases, each of which points to a version.
    public let aliases: [ModelAlias]
    /// The latest version of each stage.
    public let latestVersions: [ModelVersion]

    init(_ value: JSONValue) throws(MLflowError) {
        name = try value.requiredText("name")
        description = value.text("description")
        creationTime = value.integer("creation_timestamp")
        lastUpdateTime = value.integer("last_updated_timestamp")
        tags = try value.list("tags", Tag.init)
        aliases = try value.list("aliases", ModelAlias.init)
        latestVersions = try value.list("latest_versions", ModelVersion.init)
    }
}

/// A name that points to a version, such as `champion`.
public struct ModelAlias: Sendable, Hashable {
    /// The alias itself.
    public let alias: String
    /// The number of the version.
    public let version: String

    init(_ value: JSONValue) throws(MLflowError) {
        alias = value.text("alias")
        version = try value.requiredText("version")
    }
}

/// A version of a registered model.
public struct ModelVersion: Sendable, Hashable {
    /// The name of the registered model.
    public let name: String
    /// The version's number as text.
    public let version: String
    /// The creation time in milliseconds since 1970.
    public let creationTime: Int64?
    /// The time of the last change in milliseconds since 1970.
    public let lastUpdateTime: Int64?
    /// The stage, such as `None`, `Staging`, `Production` or `Archived`.
    public let currentStage: String
    /// The description for people.
    public let description: String
    /// The location that the version was created from.
    public let source: String
    /// The id of the run that made the version; empty if no run did.
    public let runID: String
    /// The id of the logged model that the version was made from; empty if there is none.
    public let modelID: String
    /// The status, such as `READY`.
    public let status: String
    /// The tags, in the server's order.
    public let tags: [Tag]
    /// The aliases that point to this version.
    public let aliases: [String]

    init(_ value: JSONValue) throws(MLflowError) {
        name = try value.requiredText("name")
        version = try value.requiredText("version")
        creationTime = value.integer("creation_timestamp")
        lastUpdateTime = value.integer("last_updated_timestamp")
        currentStage = value.text("current_stage")
        description = value.text("description")
        source = value.text("source")
        runID = value.text("run_id")
        modelID = value.text("model_id")
        status = value.text("status")
        tags = try value.list("tags", Tag.init)
        aliases = try value.list("aliases") { item throws(MLflowError) in item.string ?? "" }
    }
}
