extension Tag {
    /// The tag that makes a registered model, and its versions, prompts in searches.
    package static let promptMark = Tag(key: isPromptKey, value: "true")

    /// Whether searches take what has the tag for a prompt; unlike requests they compare the value to the letter.
    package var marksPrompt: Bool { key.isExactly(Self.isPromptKey) && value.isExactly(Self.promptMark.value) }
}

extension [Tag] {
    /// Whether the versions of a model count as prompts once a version with these tags is among them.
    ///
    /// All versions of a model count as prompts or none.
    ///
    /// - Parameter othersAre: whether the versions that the model has already do.
    package func makePrompts(othersAre: Bool) -> Bool { othersAre || contains(where: \.marksPrompt) }
}

/// Who has the name of a registered model.
package enum ModelNameHolder: Sendable, Equatable {
    case prompt
    case model

    /// The kind of what a request with the tags creates.
    package init(_ tags: [Tag]) {
        self = tags.contains { $0.key.isExactly(Tag.isPromptKey) } ? .prompt : .model
    }

    private var title: String { self == .prompt ? "Prompt" : "Registered Model" }

    /// Refuses a name that a model or a prompt has already; models and prompts share one space of names.
    ///
    /// - Parameter holder: what has the name; nil when it is free.
    package func requireUnusedName(_ name: String, holder: ModelNameHolder?) throws(TrackingError) {
        guard let holder else { return }
        guard holder != self else {
            throw TrackingError(.resourceAlreadyExists, "\(title) (name=\(shortened(name))) already exists.")
        }
        throw TrackingError(
            .resourceAlreadyExists,
            "Tried to create a \(title.lowercased()) with name '\(shortened(name))', but the name is already taken by a "
                + "\(holder.title.lowercased()). MLflow does not allow creating a model and a prompt with the same name."
        )
    }
}
