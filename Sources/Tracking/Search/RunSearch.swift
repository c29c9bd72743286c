package import Filter

/// The parameters of `runs/search`.
package struct RunSearch: Sendable {
    /// The experiments that are searched; if the list is empty, no run is found.
    package var experimentIDs: [Int64]
    package var viewType: ViewType
    package var filter: [Comparison]
    package var orderings: [Ordering]
    /// The maximum number of runs on a page, 1 to 50,000.
    package var maxResults: Int
    package var pageToken: String?

    package init(
        experimentIDs: [Int64],
        viewType: ViewType,
        filter: [Comparison],
        orderings: [Ordering],
        maxResults: Int,
        pageToken: String?
    ) {
        self.experimentIDs = experimentIDs
        self.viewType = viewType
        self.filter = filter
        self.orderings = orderings
        self.maxResults = maxResults
        self.pageToken = pageToken
    }
}

extension RunSearch {
    /// Distinguishes the page tokens of different searches; does not depend on the page size.
    package var digest: UInt64 {
        var digest = QueryDigest()
        digest.add("runs")
        digest.add(experimentIDs.sorted())
        digest.add(viewType.wireName)
        digest.add(filter)
        digest.add(orderings)
        return digest.value
    }
}
