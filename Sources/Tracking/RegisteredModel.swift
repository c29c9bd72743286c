/// An entry of the model registry: a model or a prompt, which has versions.
package struct RegisteredModel: Sendable, Equatable {
    package var name: String
    /// Unix milliseconds.
    package var creationTime: Int64
    /// Unix milliseconds.
    package var lastUpdatedTime: Int64
    /// The description; may be empty.
    package var description: String
    /// The latest version in each stage that has versions, without aliases.
    ///
    /// The stages are in the order of their oldest versions.
    package var latestVersions: [ModelVersion] = []
    /// The tags, in ascending order of key bytes.
    package var tags: [Tag] = []
    /// The aliases, in ascending order of their bytes.
    package var aliases: [ModelAlias] = []

    package init(name: String, creationTime: Int64, lastUpdatedTime: Int64, description: String) {
        self.name = name
        self.creationTime = creationTime
        self.lastUpdatedTime = lastUpdatedTime
        self.description = description
    }
}

/// A name for one version of a registered model.
package struct ModelAlias: Sendable, Equatable {
    package var alias: String
    package var version: Int64

    package init(alias: String, version: Int64) {
        self.alias = alias
        self.version = version
    }
}

extension Tag {
    /// The key of the tag that makes a registered model, or a version, a prompt.
    package static let isPromptKey = "mlflow.prompt.is_prompt"
    /// The key of a version's tag that contains the text of a prompt.
    package static let promptTextKey = "mlflow.prompt.text"
    /// The key of a logged model's tag that lists, as JSON, the versions that were registered from the model.
    package static let modelVersionsKey = "mlflow.modelVersions"
}

extension [Tag] {
    /// The tags to store: the last tag of each key, in ascending order of key bytes.
    package var lastOfEachKey: [Tag] {
        var seen: Set<ExactText> = []
        let kept = reversed().filter { seen.insert(ExactText($0.key)).inserted }
        return kept.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// Whether a request with these tags is about a prompt (`_is_prompt_request` in `handlers.py`); the case of the
    /// tag's value does not matter.
    package var belongToPrompt: Bool { last { $0.key.isExactly(Tag.isPromptKey) }?.value.lowercased() == "true" }
}
