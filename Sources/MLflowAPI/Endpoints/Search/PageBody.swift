internal import Budgets
internal import JSON
internal import Synchronization
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// The answer to a search: whole for a page of usual size, else read and sent part by part.
    ///
    /// Which rows a long page has, and their order, is of one moment; each part shows what they stand for as it is when
    /// it is read, and nothing of those that have been removed by then.
    /// - Parameters:
    ///   - name: of the member that lists what was found.
    ///   - page: which `session` has just found.
    ///   - closing: writes members that follow the list, once all of it has been written; with it, a list of nothing is
    ///     written too.
    func answer<Entity>(
        _ name: String,
        _ page: SearchCursor<Entity>,
        in session: ReadSession,
        closing: (@Sendable (inout JSONWriter) -> Void)? = nil,
        write: @escaping @Sendable (Entity, inout JSONWriter) -> Void
    ) throws -> APIResponse {
        guard page.count > 0 || closing != nil else { return .empty }
        let body = PageBody(name, page, store: store, session: session, closing: closing, write: write)
        var first: [UInt8] = []
        guard try body.appendPart(to: &first, in: session) else { return .json(bytes: first) }
        let whole = BegunBody(first, body, reportFailure: reportFailure)
        return APIResponse(headers: [("Content-Type", "application/json")], body: .stream(whole))
    }
}

/// A page of a search, part by part.
private final class PageBody<Entity: Sendable>: APIBodyProducer {
    private let name: String
    private let closing: (@Sendable (inout JSONWriter) -> Void)?
    private let write: @Sendable (Entity, inout JSONWriter) -> Void
    private let store: TrackingStore
    private let caller: Caller
    private let effort: ReadEffort
    private let progress: Mutex<Progress>

    private struct Progress {
        /// Tells how many rows have been read.
        var page: SearchCursor<Entity>
        /// What they came to as text.
        var bytes = 0
        /// Whether the list has entities; there are none of rows that have been removed.
        var hasEntities = false
    }

    init(
        _ name: String,
        _ page: SearchCursor<Entity>,
        store: TrackingStore,
        session: ReadSession,
        closing: (@Sendable (inout JSONWriter) -> Void)?,
        write: @escaping @Sendable (Entity, inout JSONWriter) -> Void
    ) {
        self.name = name
        self.closing = closing
        self.write = write
        self.store = store
        caller = session.caller
        effort = session.sharedEffort()
        memoryBytes = PageParts.bytesAtOnce + 64 * 1_024 + page.memoryBytes
        progress = Mutex(Progress(page: page))
    }

    let memoryBytes: Int

    func next(into buffer: inout [UInt8]) throws -> Bool {
        let (part, hasMore) = try store.readNow(.continued, for: caller, effort: effort) { [self] session in
            var part: [UInt8] = []
            let hasMore = try appendPart(to: &part, in: session)
            return (part, hasMore)
        }
        buffer.append(contentsOf: part)
        return hasMore
    }

    /// Appends the next part, with the beginning and the end of the answer where they belong.
    ///
    /// - Returns: whether there is more.
    func appendPart(to bytes: inout [UInt8], in session: ReadSession) throws -> Bool {
        var progress = progress.withLock { $0 }
        let begun = progress.page.readCount
        let end = min(begun + PageParts.rowsAtOnce, progress.page.count)
        var writer = JSONWriter(capacity: min(2_048 * (end - begun), PageParts.bytesAtOnce))
        writer.beginArray()
        while progress.page.readCount < end, writer.bytes.count < PageParts.bytesAtOnce {
            let held = writer.bytes.count
            let read = progress.page.readCount
            let count = PageParts.nextCount(after: read, bytes: progress.bytes + held, inThisPart: held)
            for entity in try progress.page.next(min(count, end - read), in: session) { write(entity, &writer) }
        }
        writer.endArray()
        let part = writer.takeBytes().dropFirst().dropLast()
        if begun == 0 { bytes.append(contentsOf: "{\"\(name)\":[".utf8) }
        if progress.hasEntities, !part.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: part)
        progress.bytes += part.count
        progress.hasEntities = progress.hasEntities || !part.isEmpty
        self.progress.withLock { [progress] in $0 = progress }
        let page = progress.page
        guard page.readCount == page.count else { return true }
        appendEnd(of: page, to: &bytes)
        return false
    }

    private func appendEnd(of page: SearchCursor<Entity>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "]"))
        var end = JSONWriter()
        end.beginObject()
        closing?(&end)
        if let token = page.nextPageToken { end.member("next_page_token", token) }
        end.endObject()
        // Members of the object that has begun with the list.
        let members = end.takeBytes().dropFirst()
        if members.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: members)
    }
}

/// How long the parts of a page are.
private enum PageParts {
    /// Rows that are read in one transaction at the most.
    static let rowsAtOnce = 1_000
    /// Rows that are held as values at the most.
    private static let valuesAtOnce = 100
    /// Rows that are read before it is known how long they are.
    private static let valuesAtFirst = 20
    /// Bytes of text after which a part ends: what a client that does not read costs.
    static let bytesAtOnce = 128 * 1_024

    /// How many rows fill what is left of a part, to judge by those that have been read before.
    static func nextCount(after rows: Int, bytes: Int, inThisPart held: Int) -> Int {
        guard rows > 0 else { return valuesAtFirst }
        let each = max(bytes / rows, 1)
        return min(max((bytesAtOnce - held) / each, 1), valuesAtOnce)
    }
}
