package import Filter
internal import SQLite
package import Tracking

/// The parameters of `runs/search`.
package struct RunSearch: Sendable {
    /// The experiments that are searched.
    ///
    /// If the list is empty, no run is found.
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

extension ReadSession {
    /// Returns one page of the runs that a search finds.
    ///
    /// The runs have no model inputs, because MLflow returns these only with a single run.
    ///
    /// - Throws: `.invalidParameterValue` for a page token that is malformed or belongs to another search, for too many
    ///   sort keys, and for a pattern that is too long.
    package func findRuns(_ search: RunSearch) throws -> SearchCursor<Run> { try find(search) }
}
