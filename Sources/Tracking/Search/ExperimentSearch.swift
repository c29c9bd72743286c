package import Filter
package import Identities

/// The parameters of `experiments/search`.
package struct ExperimentSearch: Sendable {
    package var viewType: ViewType
    package var filter: [Comparison]
    package var orderings: [Ordering]
    /// The maximum number of experiments on a page, 1 to 50,000.
    package var maxResults: Int
    package var pageToken: String?
    /// The experiments that the client may read; nil for all.
    package var scope: VisibleThings<Int64>?

    package init(viewType: ViewType, filter: [Comparison], orderings: [Ordering], maxResults: Int, pageToken: String?) {
        self.viewType = viewType
        self.filter = filter
        self.orderings = orderings
        self.maxResults = maxResults
        self.pageToken = pageToken
    }
}

extension ExperimentSearch {
    /// Distinguishes the page tokens of different searches; does not depend on the page size.
    package var digest: UInt64 {
        var digest = QueryDigest()
        digest.add("experiments")
        digest.add(viewType.wireName)
        digest.add(filter)
        digest.add(orderings)
        return digest.value
    }
}
