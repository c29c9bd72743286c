internal import Tracking

/// The rows of one page of a search, in their order.
struct FoundRows<Search: SearchDescription> {
    let rows: [Int64]
    let nextPageToken: String?

    /// The page, whose entities are read in parts.
    var cursor: SearchCursor<Search.Found> {
        SearchCursor(rows, nextPageToken: nextPageToken) { rows, session in
            let session = try ReadSession.own(session)
            let rowsAtOnce = try Search.rowsReadAtOnce(of: rows, in: session)
            return (try Search.entities(rows: rowsAtOnce, in: session), rowsAtOnce.count)
        }
    }

    /// Returns the page with entities of another kind.
    ///
    /// - Parameter read: returns one entity for each row, in the order of the rows.
    func cursor<Other>(
        reading read: @escaping @Sendable ([Int64], ReadSession) throws -> [Other]
    ) -> SearchCursor<Other> {
        SearchCursor(rows, nextPageToken: nextPageToken) { rows, session in
            (try read(rows, ReadSession.own(session)), rows.count)
        }
    }
}
