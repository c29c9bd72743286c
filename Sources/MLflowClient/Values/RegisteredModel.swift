internal import JSON

/// A name of the registry, under which versions of a model are kept.
public struct RegisteredModel: Sendable, Hashable {
    /// Unique in the registry.
    public let name: String
    /// For people.
    public let description: String
    /// In milliseconds since 1970.
    public let creationTime: Int64?
    /// In milliseconds since 1970.
    public let lastUpdateTime: Int64?
    /// In the server's order.
    public let tags: [Tag]
    /// Names that point to versions.
    public let aliases: [ModelAlias]
    /// The latest version of each stage.
    public let latestVersions: [ModelVersion]

    init(_ value: JSONValue) throws(MLflowError) {
        name = try value.id("name")
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
    /// The name.
    public let alias: String
    /// The number of the version.
    public let version: String

    init(_ value: JSONValue) throws(MLflowError) {
        alias = value.text("alias")
        version = try value.id("version")
    }
}

/// A version of a registered model.
public struct ModelVersion: Sendable, Hashable {
    /// The name of the registered model.
    public let name: String
    /// Its number, as text.
    public let version: String
    /// In milliseconds since 1970.
    public let creationTime: Int64?
    /// In milliseconds since 1970.
    public let lastUpdateTime: Int64?
    /// The stage, such as `None`, `Staging`, `Production` or `Archived`.
    public let currentStage: String
    /// For people.
    public let description: String
    /// Where its files come from.
    public let source: String
    /// The run that made it; empty if none did.
    public let runID: String
    /// The logged model that it is; empty if it is none.
    public let modelID: String
    /// Such as `READY`.
    public let status: String
    /// In the server's order.
    public let tags: [Tag]
    /// The names that point to it.
    public let aliases: [String]

    init(_ value: JSONValue) throws(MLflowError) {
        name = try value.id("name")
        version = try value.id("version")
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
