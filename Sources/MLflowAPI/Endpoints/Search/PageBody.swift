internal import Budgets
internal import JSON
internal import Synchronization
internal import Tracking
internal import TrackingStore

/// What the rows of a page stand for.
struct PagedEntity: Sendable {
    /// The member of the answer that lists them.
    let name: String
    /// Writes those of the first rows, in the order of the rows, and tells how many: one or more.
    let write: @Sendable ([Int64], ReadSession, inout JSONWriter) throws -> Int

    /// The answer to `runs/search`.
    static let runs = PagedEntity(name: "runs") { rows, session, writer in
        for run in try session.runs(rows: rows) { writer.write(run) }
        return rows.count
    }

    /// The answer to `logged-models/search`.
    static let loggedModels = PagedEntity(name: "models") { rows, session, writer in
        let models = try session.firstLoggedModels(rows: rows)
        for model in models { writer.write(model) }
        return models.count
    }
}

extension MLflowAPI {
    /// The answer to a search: whole for a page of usual size, else read and sent part by part.
    ///
    /// Which rows a long page has, and their order, is of one moment; each part shows what they stand for as it is when
    /// it is read, and nothing of those that have been removed by then.
    /// - Parameter page: of whose rows `session` has just learned.
    func answer(_ entity: PagedEntity, _ page: Page<Int64>, in session: ReadSession) throws -> APIResponse {
        guard !page.items.isEmpty else { return .empty }
        let body = PageBody(entity, page, store: store, caller: session.caller, effort: session.sharedEffort())
        var first: [UInt8] = []
        guard try body.appendPart(to: &first, in: session) else { return .json(bytes: first) }
        let whole = BegunBody(first, body, reportFailure: reportFailure)
        return APIResponse(headers: [("Content-Type", "application/json")], body: .stream(whole))
    }
}

/// A page of a search, part by part.
private final class PageBody: APIBodyProducer {
    /// Rows that are read in one transaction at the most.
    private static let rowsAtOnce = 1_000
    /// Rows that are held as values at the most.
    private static let valuesAtOnce = 100
    /// Rows that are read before it is known how long they are.
    private static let valuesAtFirst = 20
    /// Bytes of text after which a part ends: what a client that does not read costs.
    private static let bytesAtOnce = 128 * 1_024

    private let entity: PagedEntity
    private let page: Page<Int64>
    private let store: TrackingStore
    private let caller: Caller
    private let effort: ReadEffort
    private let progress = Mutex(Progress())

    private struct Progress {
        /// Rows that have been read.
        var rows = 0
        /// What they came to as text.
        var bytes = 0
        /// Whether the list has entities; there are none of rows that have been removed.
        var hasEntities = false
    }

    init(_ entity: PagedEntity, _ page: Page<Int64>, store: TrackingStore, caller: Caller, effort: ReadEffort) {
        self.entity = entity
        self.page = page
        self.store = store
        self.caller = caller
        self.effort = effort
    }

    var memoryBytes: Int { Self.bytesAtOnce + 64 * 1_024 + page.items.count * MemoryLayout<Int64>.stride }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        let (part, hasMore) = try store.readNow(.continued, for: caller, effort: effort) { [self] session in
            var part: [UInt8] = []
            let hasMore = try appendPart(to: &part, in: session)
            return (part, hasMore)
        }
        buffer.append(contentsOf: part)
        return hasMore
    }

    /// How many rows fill what is left of a part, to judge by those that have been read before.
    private static func nextCount(after rows: Int, bytes: Int, inThisPart held: Int) -> Int {
        guard rows > 0 else { return valuesAtFirst }
        let each = max(bytes / rows, 1)
        return min(max((bytesAtOnce - held) / each, 1), valuesAtOnce)
    }

    /// Appends the next part, with the beginning and the end of the answer where they belong.
    ///
    /// - Returns: whether there is more.
    func appendPart(to bytes: inout [UInt8], in session: ReadSession) throws -> Bool {
        var progress = progress.withLock { $0 }
        var rows = page.items[progress.rows...].prefix(Self.rowsAtOnce)
        var writer = JSONWriter(capacity: min(2_048 * rows.count, Self.bytesAtOnce))
        writer.beginArray()
        while !rows.isEmpty, writer.bytes.count < Self.bytesAtOnce {
            let held = writer.bytes.count
            let count = Self.nextCount(after: rows.startIndex, bytes: progress.bytes + held, inThisPart: held)
            let written = try entity.write(Array(rows.prefix(count)), session, &writer)
            rows = rows.dropFirst(written)
        }
        writer.endArray()
        let part = writer.takeBytes().dropFirst().dropLast()
        if progress.rows == 0 { bytes.append(contentsOf: "{\"\(entity.name)\":[".utf8) }
        if progress.hasEntities, !part.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: part)
        progress.rows = rows.startIndex
        progress.bytes += part.count
        progress.hasEntities = progress.hasEntities || !part.isEmpty
        self.progress.withLock { [progress] in $0 = progress }
        guard rows.startIndex == page.items.count else { return true }
        bytes.append(contentsOf: (page.nextPageToken.map { "],\"next_page_token\":\(quotedJSON($0))}" } ?? "]}").utf8)
        return false
    }
}
