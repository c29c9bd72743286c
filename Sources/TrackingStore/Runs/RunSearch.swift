package import Filter
internal import SQLite
package import Tracking

/// What `runs/search` asks for.
package struct RunSearch: Sendable {
    /// None: no run is found.
    package var experimentIDs: [Int64]
    package var viewType: ViewType
    package var filter: [Comparison]
    package var orderings: [Ordering]
    /// 1 to 50,000.
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

extension ReadSession {
    /// One page of the runs that a search finds, without model inputs, which the reference shows with a single run only.
    ///
    /// - Throws: `.invalidParameterValue` for a page token that is none or belongs to another search, for more keys than
    ///   SQLite takes, and for a pattern that is too long.
    package func findRuns(_ search: RunSearch) throws -> SearchCursor<Run> { try find(search) }
}
