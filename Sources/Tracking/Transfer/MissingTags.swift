/// The tags of a record, compared with those that are stored.
package struct MissingTags {
    package private(set) var missing: [Tag] = []
    /// The keys that are stored with another value.
    package private(set) var conflicts: [String] = []

    package init(_ tags: [Tag], stored: [Tag]) {
        guard !stored.isEmpty else {
            missing = tags.lastOfEachKey
            return
        }
        let values = Dictionary(stored.map { (ExactText($0.key), $0.value) }) { first, _ in first }
        for tag in tags.lastOfEachKey {
            guard let value = values[ExactText(tag.key)] else {
                missing.append(tag)
                continue
            }
            if !value.isExactly(tag.value) { conflicts.append(tag.key) }
        }
    }
}

/// What an import has added to something that was stored.
package struct TakenPart {
    package var isCompleted = false
    /// The keys that are stored with another value, which stays.
    package var conflicts: [String] = []

    package init(isCompleted: Bool = false, conflicts: [String] = []) {
        self.isCompleted = isCompleted
        self.conflicts = conflicts
    }

    package init(_ tags: MissingTags) {
        self.init(isCompleted: !tags.missing.isEmpty, conflicts: tags.conflicts)
    }
}
