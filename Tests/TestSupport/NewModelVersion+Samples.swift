package import Tracking

extension NewModelVersion {
    /// A sample version, whose artifacts lie in an object store unless a source is given.
    package static func sample(
        of name: String,
        source: String = "s3://b/x",
        runID: String? = nil,
        tags: [Tag] = []
    ) -> NewModelVersion {
        NewModelVersion(
            name: name,
            source: source,
            runID: runID,
            modelID: nil,
            runLink: "",
            description: "",
            tags: tags
        )
    }
}
