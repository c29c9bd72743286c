/// A version that a client registers.
package struct NewModelVersion: Sendable {
    package var name: String
    /// As the client sent it.
    package var source: String
    /// nil when the client named none; an empty text names one that does not exist.
    package var runID: String?
    /// The logged model from which the version comes; nil as with the run.
    package var modelID: String?
    package var runLink: String
    package var description: String
    package var tags: [Tag]

    package init(
        name: String,
        source: String,
        runID: String?,
        modelID: String?,
        runLink: String,
        description: String,
        tags: [Tag]
    ) {
        self.name = name
        self.source = source
        self.runID = runID
        self.modelID = modelID
        self.runLink = runLink
        self.description = description
        self.tags = tags
    }

    /// Refuses a name and tags that MLflow does not allow; the reference looks at them after the source.
    package func validateNameAndTags() throws(TrackingError) {
        try validateModelName(name)
        for tag in tags { try validateModelVersionTag(tag) }
    }
}
