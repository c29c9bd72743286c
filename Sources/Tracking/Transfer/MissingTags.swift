/// The tags of a record, compared with those that are stored.
package struct MissingTags {
    /// The tags whose keys are not stored.
    package private(set) var tags: [Tag] = []
    /// The keys that are stored with another value.
    package private(set) var conflicts: [String] = []

    package init(_ tags: [Tag], stored: [Tag]) {
        guard !stored.isEmpty else {
            self.tags = tags.lastOfEachKey
            return
        }
        let values = Dictionary(stored.map { (ExactText($0.key), $0.value) }) { first, _ in first }
        for tag in tags.lastOfEachKey {
            guard let value = values[ExactText(tag.key)] else {
                self.tags.append(tag)
                continue
            }
            if !value.isExactly(tag.value) { conflicts.append(tag.key) }
        }
    }
}

/// The result of adding the params, tags or aliases of a record to a stored entity that may already have some of them.
package struct MergeResult {
    /// Whether something was added.
    package var hasAdditions = false
    /// The keys that are stored with another value, which is kept.
    package var conflicts: [String] = []

    package init(hasAdditions: Bool = false, conflicts: [String] = []) {
        self.hasAdditions = hasAdditions
        self.conflicts = conflicts
    }

    package init(_ missing: MissingTags) {
        self.init(hasAdditions: !missing.tags.isEmpty, conflicts: missing.conflicts)
    }
}
