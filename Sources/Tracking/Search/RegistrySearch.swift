package import Filter

/// The parameters of `registered-models/search` and `model-versions/search`.
package struct RegistrySearch: Sendable {
    package var filter: [Comparison]
    package var orderings: [Ordering]
    /// The maximum number of entities on a page, at least 1.
    package var maxResults: Int
    package var pageToken: String?

    package init(filter: [Comparison], orderings: [Ordering], maxResults: Int, pageToken: String?) {
        self.filter = filter
        self.orderings = orderings
        self.maxResults = maxResults
        self.pageToken = pageToken
    }
}

extension RegistrySearch {
    /// Distinguishes the page tokens of different searches; does not depend on the page size.
    ///
    /// - Parameter table: `registered_models` or `model_versions`.
    package func digest(of table: String) -> UInt64 {
        var digest = QueryDigest()
        digest.add(table)
        digest.add(filter)
        digest.add(orderings)
        return digest.value
    }
}

// MARK: Prompts

extension RegistrySearch {
    /// Whether a search returns prompts.
    package enum Prompts: Sendable, Equatable {
        /// The search does not return prompts.
        case excluded
        /// The search may return prompts. `onlyExactTag` restricts it to entities whose prompt tag is exactly `true`.
        case included(onlyExactTag: Bool)
    }

    /// Whether the search returns prompts.
    ///
    /// The first comparison of the prompt tag decides, as in MLflow (`_is_querying_prompt` in `sqlalchemy_store.py`).
    package var prompts: Prompts {
        guard let first = filter.first(where: \.isOfPromptTag), case .text(let text) = first.value else {
            return .excluded
        }
        switch (first.comparisonOperator, text.lowercased()) {
        case (.equal, "true"): return .included(onlyExactTag: text.isExactly("true"))
        case (.notEqual, "false"): return .included(onlyExactTag: false)
        default: return .excluded
        }
    }

    /// The comparisons that a result must meet: if prompts are excluded, those of the prompt tag are left out.
    package var effectiveFilter: [Comparison] { prompts == .excluded ? filter.filter { !$0.isOfPromptTag } : filter }
}

extension Comparison {
    fileprivate var isOfPromptTag: Bool { entity == .tag && key.isExactly(Tag.isPromptKey) }
}
