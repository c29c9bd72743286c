package import Tracking
package import TrackingStore

extension ReadSession {
    /// One page of the runs that a search finds, all of it at once.
    package func searchRuns(_ search: RunSearch) throws -> Page<Run> {
        let page = try findRuns(search)
        return Page(items: try runs(rows: page.items), nextPageToken: page.nextPageToken)
    }
}
