/// One page of a search.
///
/// One read transaction has decided which entities are on the page, and in which order; the entities are read later, in parts.
package struct SearchCursor<Entity: Sendable>: Sendable {
    /// The number of entities of the page, read or not.
    package let count: Int
    /// The memory that the keys of the entities take, in bytes.
    package let memoryBytes: Int
    /// The number of entities that have been read.
    package private(set) var readCount = 0
    /// The token for the next page; nil on the last page.
    package let nextPageToken: String?
    private let read: @Sendable (Range<Int>, any TrackingReading) throws -> (entities: [Entity], keyCount: Int)

    /// - Parameters:
    ///   - keys: the keys by which the store reads the entities, in the order of the page.
    ///   - keyBytes: the memory that a key takes.
    ///   - read: reads the entities of the first keys: as many as may be in memory together, and at least one. Returns the
    ///     entities in the order of the keys, without those that were removed since the page was found, and the number of
    ///     keys that it has read.
    package init<Key: Sendable>(
        _ keys: [Key],
        keyBytes: Int = MemoryLayout<Key>.stride,
        nextPageToken: String?,
        read: @escaping @Sendable ([Key], any TrackingReading) throws -> (entities: [Entity], keyCount: Int)
    ) {
        count = keys.count
        memoryBytes = keys.count * keyBytes
        self.nextPageToken = nextPageToken
        self.read = { try read(Array(keys[$0]), $1) }
    }

    /// Reads the entities of the next keys: at least one key, unless the page has ended, and at most `limit`.
    ///
    /// - Parameter session: a session of the store that found the page.
    /// - Returns: the entities, without those that were removed since the page was found.
    package mutating func next(_ limit: Int, in session: any TrackingReading) throws -> [Entity] {
        let wanted = readCount..<min(readCount + limit, count)
        guard !wanted.isEmpty else { return [] }
        let found = try read(wanted, session)
        readCount += found.keyCount
        return found.entities
    }

    /// Returns all entities that have not been read yet.
    ///
    /// Meant for pages that are known to be short.
    package func whole(in session: any TrackingReading) throws -> [Entity] {
        var rest = self
        var entities: [Entity] = []
        while rest.readCount < count { entities += try rest.next(count, in: session) }
        return entities
    }
}
