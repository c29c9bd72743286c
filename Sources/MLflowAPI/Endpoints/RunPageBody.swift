internal import JSON
internal import Synchronization
internal import Tracking
internal import TrackingStore

/// The answer to `runs/search`, whole for a page of usual size, else made part by part.
///
/// Which runs a long page has, and their order, is of one moment; each part shows its runs as they are when it is read.
final class RunPageBody: APIBodyProducer {
    /// Runs that are read in one transaction, and whose text is held in memory at once.
    static let runsAtOnce = 1_000
    /// Runs that are held as values at once.
    private static let valuesAtOnce = 100

    private let page: Page<Int64>
    private let store: TrackingStore
    private let sent = Mutex(0)

    init(_ page: Page<Int64>, store: TrackingStore) {
        self.page = page
        self.store = store
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        let start = sent.withLock { $0 }
        let rows = page.items[start...].prefix(Self.runsAtOnce)
        let part = try store.readNow { session in try Self.part(rows, in: session) }
        buffer.append(contentsOf: (start == 0 ? Self.beginning : ",").utf8)
        buffer.append(contentsOf: part)
        sent.withLock { $0 = rows.endIndex }
        guard rows.endIndex == page.items.count else { return true }
        buffer.append(contentsOf: Self.ending(page).utf8)
        return false
    }

    /// A whole answer.
    static func bytes(of page: Page<Int64>, in session: ReadSession) throws -> [UInt8] {
        if page.items.isEmpty { return Array("{}".utf8) }
        return Array(beginning.utf8) + (try part(page.items[...], in: session)) + Array(ending(page).utf8)
    }

    /// Runs separated by commas; only some of them are held as values at a time.
    private static func part(_ rows: ArraySlice<Int64>, in session: ReadSession) throws -> ArraySlice<UInt8> {
        var writer = JSONWriter(capacity: 2_048 * rows.count)
        writer.beginArray()
        for start in stride(from: rows.startIndex, to: rows.endIndex, by: valuesAtOnce) {
            for run in try session.runs(rows: Array(rows[start...].prefix(valuesAtOnce))) { writer.write(run) }
        }
        writer.endArray()
        return writer.takeBytes().dropFirst().dropLast()
    }

    private static let beginning = "{\"runs\":["

    private static func ending(_ page: Page<Int64>) -> String {
        page.nextPageToken.map { "],\"next_page_token\":\(quotedJSON($0))}" } ?? "]}"
    }
}
