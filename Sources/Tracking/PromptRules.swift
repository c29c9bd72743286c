extension Tag {
    /// The tag by which searches recognize a prompt, on a registered model or on a version.
    package static let promptMark = Tag(key: isPromptKey, value: "true")

    /// Whether the tag makes its registered model or version a prompt in searches.
    ///
    /// Searches compare the tag's value exactly, unlike `belongToPrompt`, which ignores upper and lower case.
    package var marksPrompt: Bool { key.isExactly(Self.isPromptKey) && value.isExactly(Self.promptMark.value) }
}

extension [Tag] {
    /// Whether a model's versions are prompts after a version with these tags has been added.
    ///
    /// If one version of a model is a prompt, all versions are.
    /// - Parameter othersArePrompts: whether the existing versions are prompts.
    package func versionsBecomePrompts(othersArePrompts: Bool) -> Bool {
        othersArePrompts || contains(where: \.marksPrompt)
    }
}

/// The kind of an entry of the model registry: a prompt or a registered model.
package enum RegistryEntryKind: Sendable, Equatable {
    case prompt
    case model

    /// The kind of entry that a request with these tags creates.
    package init(_ tags: [Tag]) { self = tags.contains { $0.key.isExactly(Tag.isPromptKey) } ? .prompt : .model }

    private var title: String { self == .prompt ? "Prompt" : "Registered Model" }

    /// Throws `.resourceAlreadyExists` if a prompt or a model already has the name.
    ///
    /// - Parameter holder: the kind of the entry that has the name; nil if no entry has it.
    package func requireUnusedName(_ name: String, holder: RegistryEntryKind?) throws(TrackingError) {
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
