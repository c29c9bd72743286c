internal import JSON

/// Whether an experiment or run is active or deleted.
///
/// A deleted experiment or run can be restored.
public struct LifecycleStage: RawRepresentable, Sendable, Hashable {
    /// The text that the server sends.
    public let rawValue: String

    /// Makes a stage from the text that the server sends.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The experiment or run is not deleted.
    public static let active = LifecycleStage(rawValue: "active")
    /// The experiment or run is deleted, but can be restored.
    public static let deleted = LifecycleStage(rawValue: "deleted")
}

/// Which experiments or runs a search finds.
public enum ViewType: String, Sendable {
    /// Only experiments or runs that are not deleted.
    case activeOnly = "ACTIVE_ONLY"
    /// Only deleted experiments or runs.
    case deletedOnly = "DELETED_ONLY"
    /// All experiments or runs, deleted or not.
    case all = "ALL"
}

/// An experiment: a named group of runs.
public struct Experiment: Sendable, Hashable {
    /// The id, which the server chooses.
    public let experimentID: String
    /// The name, unique among all experiments of the server, deleted ones included.
    public let name: String
    /// The URI or folder for the artifacts of new runs.
    public let artifactLocation: String
    /// Whether the experiment is active or deleted.
    public let lifecycleStage: LifecycleStage
    /// The creation time in milliseconds since 1970; nil if the server does not say.
    public let creationTime: Int64?
    /// The time of the last change in milliseconds since 1970; nil if the server does not say.
    public let lastUpdateTime: Int64?
    /// The tags, in the server's order.
    public let tags: [Tag]

    init(_ value: JSONValue) throws(MLflowError) {
        experimentID = try value.requiredText("experiment_id")
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
    /// The items, in the server's order.
    public let items: [Item]
    /// The token with which the next page is requested; nil on the last page.
    public let nextPageToken: String?

    init(_ items: [Item], _ answer: JSONValue) {
        self.items = items
        let token = answer.text("next_page_token")
        nextPageToken = token.isEmpty ? nil : token
    }
}
