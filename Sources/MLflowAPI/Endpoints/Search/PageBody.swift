internal import Budgets
internal import HTTPWire
internal import JSON
internal import Synchronization
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// A search: answered whole for a page of usual size, else read and sent part by part.
    ///
    /// Which rows a long page has, and their order, is of one moment; each part shows what they stand for as it is when
    /// it is read, and nothing of those that have been removed by then.
    /// - Parameters:
    ///   - name: of the member that lists what was found.
    ///   - closing: writes members behind the list, once the whole list has been written; with it, an empty list is
    ///     written too.
    func page<Entity: SizedEntity>(
        _ name: String,
        closing: (@Sendable (inout JSONWriter) -> Void)? = nil,
        _ find: @escaping @Sendable (ReadSession) throws -> SearchCursor<Entity>,
        write: @escaping @Sendable (Entity, inout JSONWriter) -> Void
    ) -> Operation {
        .read { session in
            try PageBody(name, try find(session), store: store, session: session, closing: closing, write: write)
        } encode: {
            try stream($0)
        }
    }
}

/// A page of a search, part by part: each is read as values inside a read transaction, and written outside.
private final class PageBody<Entity: SizedEntity>: HTTPBodyProducer {
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
        /// What has been read and not written.
        var part: [Entity]?
        /// What the rows came to as text, about.
        var bytes = 0
        var isFirst = true
        /// Whether the list has entities; there are none of rows that have been removed.
        var hasEntities = false
    }

    /// Reads the first part.
    init(
        _ name: String,
        _ page: SearchCursor<Entity>,
        store: TrackingStore,
        session: ReadSession,
        closing: (@Sendable (inout JSONWriter) -> Void)?,
        write: @escaping @Sendable (Entity, inout JSONWriter) -> Void
    ) throws {
        self.name = name
        self.closing = closing
        self.write = write
        self.store = store
        caller = session.caller
        effort = session.sharedEffort()
        memoryBytes = PageParts.bytesAtOnce + 64 * 1_024 + page.memoryBytes
        var progress = Progress(page: page)
        try Self.readPart(&progress, in: session)
        self.progress = Mutex(progress)
    }

    let memoryBytes: Int

    func next(into buffer: inout [UInt8]) throws -> Bool {
        var progress = progress.withLock { $0 }
        if progress.part == nil {
            progress = try store.readNow(.continued, for: caller, effort: effort) { [progress] session in
                var progress = progress
                try Self.readPart(&progress, in: session)
                return progress
            }
        }
        writePart(&progress, to: &buffer)
        self.progress.withLock { [progress] in $0 = progress }
        return progress.page.readCount < progress.page.count
    }

    private static func readPart(_ progress: inout Progress, in session: ReadSession) throws {
        let end = min(progress.page.readCount + PageParts.rowsAtOnce, progress.page.count)
        var part: [Entity] = []
        var bytes = 0
        while progress.page.readCount < end, bytes < PageParts.bytesAtOnce {
            let read = progress.page.readCount
            let count = PageParts.nextCount(after: read, bytes: progress.bytes + bytes, inThisPart: bytes)
            let found = try progress.page.next(min(count, end - read), in: session)
            for entity in found { bytes += entity.textBytes }
            part += found
        }
        progress.part = part
        progress.bytes += bytes
    }

    /// Writes what has been read, with the beginning and the end of the answer where they belong.
    private func writePart(_ progress: inout Progress, to bytes: inout [UInt8]) {
        let page = progress.page
        guard page.count > 0 || closing != nil else { return bytes.append(contentsOf: "{}".utf8) }
        let part = progress.part ?? []
        var writer = JSONWriter(capacity: min(2_048 * part.count, PageParts.bytesAtOnce))
        writer.beginArray()
        for entity in part { write(entity, &writer) }
        writer.endArray()
        if progress.isFirst { bytes.append(contentsOf: "{\"\(name)\":[".utf8) }
        if progress.hasEntities, !part.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: writer.takeBytes().dropFirst().dropLast())
        progress.part = nil
        progress.isFirst = false
        progress.hasEntities = progress.hasEntities || !part.isEmpty
        if page.readCount == page.count { appendEnd(of: page, to: &bytes) }
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
    /// Rows that are read by one set of statements at the most.
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
