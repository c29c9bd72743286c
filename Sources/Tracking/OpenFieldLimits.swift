/// Limits for fields that MLflow does not limit, or limits only with some of its databases.
///
/// They are far above the lengths that clients send, but low enough that the data of one request can be stored, found and shown
/// quickly. Lengths count Unicode scalars.
package enum OpenFieldLimits {
    /// The limit for names, ids and links, such as `user_id`, `run_name`, `model_type`, `source_run_id`, `run_link` and
    /// `source_type`.
    package static let textLength = 8_000
    /// The limit for descriptions of registered models and model versions.
    package static let descriptionLength = 1_000_000
    /// The maximum number of tags, params, datasets or models in one list of a request.
    package static let listCount = 1_000
    /// The limit for keys of tags and params that MLflow does not limit.
    package static let keyLength = 1_000
    /// The maximum size of all keys and values of one list together, in bytes.
    package static let listBytes = 2_000_000
}

/// Throws `.invalidParameterValue` if a list has more than `listCount` elements.
package func validateListCount(_ name: String, _ count: Int) throws(TrackingError) {
    guard count > OpenFieldLimits.listCount else { return }
    throw .invalidParameter(
        "'\(name)' has \(count) elements; one request can have at most \(OpenFieldLimits.listCount) of them."
    )
}

/// Throws `.invalidParameterValue` if a key is too long, or if all keys and values together have too many bytes.
package func validateListTexts(_ name: String, _ tags: [Tag]) throws(TrackingError) {
    var bytes = 0
    for tag in tags {
        _ = try tag.key.checked("\(name).key", limit: OpenFieldLimits.keyLength)
        bytes += tag.key.utf8.count + tag.value.utf8.count
    }
    guard bytes > OpenFieldLimits.listBytes else { return }
    throw .invalidParameter(
        "'\(name)' has \(bytes) bytes of text; one request can have at most \(OpenFieldLimits.listBytes) of them."
    )
}
