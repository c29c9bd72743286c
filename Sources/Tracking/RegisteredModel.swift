/// A name in the registry under which versions of a model, or of a prompt, are kept.
package struct RegisteredModel: Sendable, Equatable {
    package var name: String
    /// Unix milliseconds.
    package var creationTime: Int64
    /// Unix milliseconds.
    package var lastUpdatedTime: Int64
    /// Empty when there is none.
    package var description: String
    /// The latest version of each stage, the stage of the oldest version first; they carry no aliases.
    package var latestVersions: [ModelVersion] = []
    /// In ascending order of key bytes.
    package var tags: [Tag] = []
    /// In ascending order of alias bytes.
    package var aliases: [ModelAlias] = []

    package init(name: String, creationTime: Int64, lastUpdatedTime: Int64, description: String) {
        self.name = name
        self.creationTime = creationTime
        self.lastUpdatedTime = lastUpdatedTime
        self.description = description
    }
}

/// A name by which a client asks for one version of a model.
package struct ModelAlias: Sendable, Equatable {
    package var alias: String
    package var version: Int64

    package init(alias: String, version: Int64) {
        self.alias = alias
        self.version = version
    }
}

extension Tag {
    /// The tag of a registered model, and of a version, that makes it a prompt.
    package static let isPromptKey = "mlflow.prompt.is_prompt"
    /// The tag of a version that holds the text of a prompt.
    package static let promptTextKey = "mlflow.prompt.text"
    /// The tag of a logged model that lists, as JSON, the versions that were registered from it.
    package static let modelVersionsKey = "mlflow.modelVersions"
}

extension [Tag] {
    /// The tags as they are stored, in ascending order of key bytes: of several with one key the last counts.
    package var lastOfEachKey: [Tag] {
        var seen: Set<ExactText> = []
        let kept = reversed().filter { seen.insert(ExactText($0.key)).inserted }
        return kept.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// Whether a request with them is about a prompt, in any case of the letters (`_is_prompt_request` in `handlers.py`).
    package var areOfPrompt: Bool {
        last { $0.key.isExactly(Tag.isPromptKey) }?.value.lowercased() == "true"
    }
}
