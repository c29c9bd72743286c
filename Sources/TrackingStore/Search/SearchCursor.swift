/// One page of a search.
///
/// The row ids were found in one read transaction; the entities are read later, in parts.
package struct SearchCursor<Entity: Sendable>: Sendable {
    /// The row ids, in the order of the page.
    let rows: [Int64]
    private let read: @Sendable ([Int64], ReadSession) throws -> (entities: [Entity], rows: Int)
    /// The number of rows that have been read.
    package private(set) var readCount = 0
    /// The token for the next page; nil on the last page.
    package let nextPageToken: String?

    init<Search: SearchDescription>(_ search: Search.Type, rows: [Int64], nextPageToken: String?)
    where Search.Found == Entity {
        self.rows = rows
        self.nextPageToken = nextPageToken
        read = { rows, session in
            let portion = try Search.portion(of: rows, in: session)
            return (try Search.entities(rows: portion, in: session), portion.count)
        }
    }

    private init(
        rows: [Int64],
        nextPageToken: String?,
        read: @escaping @Sendable ([Int64], ReadSession) throws -> (entities: [Entity], rows: Int)
    ) {
        self.rows = rows
        self.nextPageToken = nextPageToken
        self.read = read
    }

    /// Returns a cursor at the beginning of the same page that reads another kind of entity.
    ///
    /// - Parameter read: returns one entity for each row, in the order of the rows.
    func reading<Other>(
        _ read: @escaping @Sendable ([Int64], ReadSession) throws -> [Other]
    ) -> SearchCursor<Other> {
        SearchCursor<Other>(rows: rows, nextPageToken: nextPageToken) { (try read($0, $1), $0.count) }
    }

    /// The number of rows of the page, read or not.
    package var count: Int { rows.count }

    /// The memory that the row ids take, in bytes.
    package var memoryBytes: Int { rows.count * MemoryLayout<Int64>.stride }

    /// Reads the next rows, at most `limit`, and at least one row unless the page has ended.
    ///
    /// - Returns: the entities of the rows, without those that were removed since the page was found.
    package mutating func next(_ limit: Int, in session: ReadSession) throws -> [Entity] {
        let wanted = Array(rows[readCount...].prefix(limit))
        guard !wanted.isEmpty else { return [] }
        let found = try read(wanted, session)
        readCount += found.rows
        return found.entities
    }

    /// Returns all entities that have not been read yet.
    ///
    /// Meant for pages that are known to be short.
    package func whole(in session: ReadSession) throws -> [Entity] {
        var rest = self
        var entities: [Entity] = []
        while rest.readCount < count { entities += try rest.next(count, in: session) }
        return entities
    }
}
