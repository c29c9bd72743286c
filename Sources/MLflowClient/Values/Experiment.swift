internal import JSON

/// Whether a thing is in use or deleted, so that it can be restored.
public struct LifecycleStage: RawRepresentable, Sendable, Hashable {
    /// As the server sends it.
    public let rawValue: String

    /// A stage by the server's word for it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// In use.
    public static let active = LifecycleStage(rawValue: "active")
    /// Deleted, but not for good.
    public static let deleted = LifecycleStage(rawValue: "deleted")
}

/// Which things a search finds.
public enum ViewType: String, Sendable {
    /// Those in use.
    case activeOnly = "ACTIVE_ONLY"
    /// Those that are deleted.
    case deletedOnly = "DELETED_ONLY"
    /// All of them.
    case all = "ALL"
}

/// An experiment: a named group of runs.
public struct Experiment: Sendable, Hashable {
    /// Made by the server.
    public let experimentID: String
    /// Unique among all experiments of the server, deleted ones included.
    public let name: String
    /// Where the artifacts of new runs go.
    public let artifactLocation: String
    /// Whether it is in use.
    public let lifecycleStage: LifecycleStage
    /// In milliseconds since 1970; nil if the server does not say.
    public let creationTime: Int64?
    /// In milliseconds since 1970; nil if the server does not say.
    public let lastUpdateTime: Int64?
    /// In the server's order.
    public let tags: [Tag]

    init(_ value: JSONValue) throws(MLflowError) {
        experimentID = try value.id("experiment_id")
        name = value.text("name")
        artifactLocation = value.text("artifact_location")
        lifecycleStage = LifecycleStage(rawValue: value.optionalText("lifecycle_stage") ?? "active")
        creationTime = value.integer("creation_time")
        lastUpdateTime = value.integer("last_update_time")
        tags = try value.list("tags", Tag.init)
    }
}

/// One page of a search or a listing.
public struct Page<Item: Sendable>: Sendable {
    /// In the server's order.
    public let items: [Item]
    /// Asks for the next page; nil on the last one.
    public let nextPageToken: String?

    init(_ items: [Item], _ answer: JSONValue) {
        self.items = items
        let token = answer.text("next_page_token")
        nextPageToken = token.isEmpty ? nil : token
    }
}
