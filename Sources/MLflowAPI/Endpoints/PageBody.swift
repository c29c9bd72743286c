internal import JSON
internal import Synchronization
internal import Tracking
internal import TrackingStore

/// What the rows of a page stand for.
struct PagedEntity: Sendable {
    /// The member of the answer that lists them.
    let name: String
    /// Writes those of some rows, in the order of the rows.
    let write: @Sendable ([Int64], ReadSession, inout JSONWriter) throws -> Void

    /// The answer to `runs/search`.
    static let runs = PagedEntity(name: "runs") { rows, session, writer in
        for run in try session.runs(rows: rows) { writer.write(run) }
    }

    /// The answer to `logged-models/search`.
    static let loggedModels = PagedEntity(name: "models") { rows, session, writer in
        for model in try session.loggedModels(rows: rows) { writer.write(model) }
    }
}

/// The answer to a search, whole for a page of usual size, else made part by part.
///
/// Which rows a long page has, and their order, is of one moment; each part shows what they stand for as it is when it
/// is read, and nothing of those that have been removed by then.
final class PageBody: APIBodyProducer {
    /// Rows that are read in one transaction, and whose text is held in memory at once.
    private static let rowsAtOnce = 1_000
    /// Rows that are held as values at once.
    private static let valuesAtOnce = 100

    private let entity: PagedEntity
    private let page: Page<Int64>
    private let store: TrackingStore
    private let progress = Mutex(Progress())

    private struct Progress {
        /// Rows that have been read.
        var rows = 0
        /// Whether the list has entities; there are none of rows that have been removed.
        var hasEntities = false
    }

    private init(_ entity: PagedEntity, _ page: Page<Int64>, store: TrackingStore) {
        self.entity = entity
        self.page = page
        self.store = store
    }

    /// The answer with a page, of whose rows `session` has just learned.
    static func response(
        _ entity: PagedEntity,
        _ page: Page<Int64>,
        in session: ReadSession,
        store: TrackingStore
    ) throws -> APIResponse {
        guard page.items.count > rowsAtOnce else {
            return .json(bytes: try PageBody(entity, page, store: store).bytes(in: session))
        }
        // A page of tens of thousands of rows is sent as it is read, a part at a time.
        let body = PageBody(entity, page, store: store)
        return APIResponse(headers: [("Content-Type", "application/json")], body: .stream(body))
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        var progress = progress.withLock { $0 }
        let rows = page.items[progress.rows...].prefix(Self.rowsAtOnce)
        let part = try store.readNow { [entity] session in try Self.part(entity, rows, in: session) }
        if progress.rows == 0 { buffer.append(contentsOf: beginning.utf8) }
        if progress.hasEntities, !part.isEmpty { buffer.append(UInt8(ascii: ",")) }
        buffer.append(contentsOf: part)
        progress.rows = rows.endIndex
        progress.hasEntities = progress.hasEntities || !part.isEmpty
        self.progress.withLock { [progress] in $0 = progress }
        guard rows.endIndex == page.items.count else { return true }
        buffer.append(contentsOf: ending.utf8)
        return false
    }

    /// A whole answer.
    private func bytes(in session: ReadSession) throws -> [UInt8] {
        if page.items.isEmpty { return Array("{}".utf8) }
        return Array(beginning.utf8) + (try Self.part(entity, page.items[...], in: session)) + Array(ending.utf8)
    }

    /// Entities separated by commas; only some of them are held as values at a time.
    private static func part(
        _ entity: PagedEntity,
        _ rows: ArraySlice<Int64>,
        in session: ReadSession
    ) throws -> ArraySlice<UInt8> {
        var writer = JSONWriter(capacity: 2_048 * rows.count)
        writer.beginArray()
        for start in stride(from: rows.startIndex, to: rows.endIndex, by: valuesAtOnce) {
            try entity.write(Array(rows[start...].prefix(valuesAtOnce)), session, &writer)
        }
        writer.endArray()
        return writer.takeBytes().dropFirst().dropLast()
    }

    private var beginning: String { "{\"\(entity.name)\":[" }

    private var ending: String {
        page.nextPageToken.map { "],\"next_page_token\":\(quotedJSON($0))}" } ?? "]}"
    }
}
