/// Bounds of fields that the reference does not bound, or bounds in some of its databases only.
///
/// They lie far beyond what its clients send, and near enough that one request stays cheap to keep, to find and to show.
/// Lengths count Unicode scalars.
package enum OpenFieldLimits {
    /// Names, ids and links: `user_id`, `run_name`, `model_type`, `source_run_id`, `run_link`, `source_type` and the like.
    package static let textLength = 8_000
    /// Descriptions of registered models and their versions.
    package static let descriptionLength = 1_000_000
    /// Tags, params, datasets or models in one list of a request.
    package static let listCount = 1_000
    /// The key of a tag or a param, where no rule of MLflow bounds it.
    package static let keyLength = 1_000
    /// All keys and values of one list together, in bytes.
    package static let listBytes = 2_000_000
}

/// Refuses a list of more than `listCount` elements.
package func validateListCount(_ name: String, _ count: Int) throws(TrackingError) {
    guard count > OpenFieldLimits.listCount else { return }
    throw .invalidParameter(
        "'\(name)' has \(count) elements; one request can have at most \(OpenFieldLimits.listCount) of them."
    )
}

/// Refuses keys that are too long, and a list whose texts together are.
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
