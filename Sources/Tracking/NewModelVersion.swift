/// The fields of a request that creates a model version.
package struct NewModelVersion: Sendable {
    package var name: String
    /// The source, as the client sent it.
    package var source: String
    /// The run of the version; nil if the client sent no run id.
    package var runID: String?
    /// The logged model that the version comes from; nil if the client sent no model id.
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

    /// Throws `.invalidParameterValue` if MLflow does not allow the name or a tag.
    ///
    /// Call this function after the check of the source: if both fail, MLflow reports the error of the source.
    package func validateNameAndTags() throws(TrackingError) {
        try validateModelName(name)
        for tag in tags { try validateModelVersionTag(tag) }
    }
}
