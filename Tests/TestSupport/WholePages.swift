package import Tracking
package import TrackingStore

extension ReadSession {
    /// Returns one page of a search for runs as a whole, not in parts.
    package func searchRuns(_ search: RunSearch) throws -> Page<Run> {
        let page = try findRuns(search)
        return Page(items: try runs(rows: page.items), nextPageToken: page.nextPageToken)
    }
}
