internal import Filter
internal import Identities
internal import PostgreSQL
internal import Tracking

/// A kind of search, described by its SQL; `PostgresReadSession.find(_:)` carries it out.
protocol SearchDescription: Sendable {
    associatedtype Found: Sendable
    /// What identifies a row of the table that is searched.
    associatedtype Key: Sendable

    var filter: [Comparison] { get }
    /// The number of sort keys that the client asked for in `order_by`; 0 for the default order.
    var requestedSortKeyCount: Int { get }
    var experimentIDs: [Int64] { get }
    /// The maximum number of entities on a page, at least 1.
    var maxResults: Int { get }
    var pageToken: String? { get }
    /// Distinguishes the page tokens of different searches. Does not depend on the page size, so clients may change the
    /// page size between pages.
    var digest: UInt64 { get }
    /// Whether MLflow's own page tokens, which contain a number of rows, are accepted.
    var acceptsOffsetTokens: Bool { get }
    /// Returns the error for a page token of another search, given the digest in the token.
    func refusal(ofTokenWithDigest digest: UInt64) -> TrackingError

    /// Returns the same search, restricted to what the permissions allow to read.
    func within(_ permissions: Permissions) -> Self
    /// Returns the search as SQL, with a total order.
    func statement() throws -> SearchStatement
    /// Reads the key of a row, which is in its first columns.
    static func key(_ row: PostgresRow) -> Key
    /// Returns the first of the keys: as many as have entities that may be in memory together, and at least one.
    static func keysReadAtOnce(of keys: [Key], in session: PostgresReadSession) throws -> [Key]
    /// Reads the entities of the keys, in the same order, without those that were removed since the keys were found.
    static func entities(_ keys: [Key], in session: PostgresReadSession) throws -> [Found]
}

extension SearchDescription {
    var experimentIDs: [Int64] { [] }
    var acceptsOffsetTokens: Bool { true }
    func refusal(ofTokenWithDigest digest: UInt64) -> TrackingError { PageToken.queryMismatch }
    static func keysReadAtOnce(of keys: [Key], in session: PostgresReadSession) -> [Key] { keys }
}

/// The keys of one page of a search, in their order.
struct FoundKeys<Search: SearchDescription> {
    let keys: [Search.Key]
    let nextPageToken: String?

    /// The bytes of memory that a key, such as an id of 32 characters, takes.
    private static var keyBytes: Int { 64 }

    /// The page, whose entities are read in parts.
    var cursor: SearchCursor<Search.Found> {
        SearchCursor(keys, keyBytes: Self.keyBytes, nextPageToken: nextPageToken) { keys, session in
            let session = try PostgresReadSession.own(session)
            let keysAtOnce = try Search.keysReadAtOnce(of: keys, in: session)
            return (try Search.entities(keysAtOnce, in: session), keysAtOnce.count)
        }
    }

    /// Returns the page with entities of another kind.
    func reading<Other>(
        _ read: @escaping @Sendable ([Search.Key], PostgresReadSession) throws -> [Other]
    ) -> SearchCursor<Other> {
        SearchCursor(keys, keyBytes: Self.keyBytes, nextPageToken: nextPageToken) { keys, session in
            (try read(keys, PostgresReadSession.own(session)), keys.count)
        }
    }
}

extension PostgresReadSession {
    /// Returns the keys of one page of the search, in its order.
    ///
    /// - Throws: `.invalidParameterValue` for a page token that is malformed or belongs to another search, and for a pattern
    ///   of LIKE or ILIKE that is too long or ends with a backslash.
    func find<Search: SearchDescription>(_ search: Search) throws -> FoundKeys<Search> {
        advice = { search.advice }
        let search = permissions.map { search.within($0) } ?? search
        let digest = search.digest
        let start = try PageToken.parse(search.pageToken, digest: digest, refusal: search.refusal)
        if case .offset = start, !search.acceptsOffsetTokens { throw search.refusal(ofTokenWithDigest: ~digest) }
        let found = try search.statement().rows(
            search.maxResults + 1,
            from: start,
            keepingValuesOf: search.maxResults - 1,
            in: self,
            key: Search.key
        )
        let hasMore = found.keys.count > search.maxResults
        return FoundKeys(
            keys: Array(found.keys.prefix(search.maxResults)),
            nextPageToken: hasMore ? found.keptValues.map { PageToken.make(after: $0, digest: digest) } : nil
        )
    }

    /// Returns the session as a session of this store; throws if it belongs to another store.
    fileprivate static func own(_ session: any TrackingReading) throws -> PostgresReadSession {
        guard let own = session as? PostgresReadSession else {
            throw StoreCorruption("a page was read from another store")
        }
        return own
    }
}

extension SearchDescription {
    /// A sentence that says what the client should reduce if the search takes too long.
    fileprivate var advice: String {
        searchAdvice(filter: filter, sortKeyCount: requestedSortKeyCount, experimentCount: experimentIDs.count)
    }
}
