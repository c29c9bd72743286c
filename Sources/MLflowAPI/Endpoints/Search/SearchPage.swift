internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// Answers a search: in one piece for a page of usual size, and otherwise in parts that are read one after another.
    ///
    /// The rows of a long page and their order are those of one moment. Each part shows its rows as they are when the
    /// part is read, and omits rows that have been removed by then.
    /// - Parameters:
    ///   - name: the member that lists the results.
    ///   - closing: writes members behind the list, once the whole list has been written; with it, an empty list is
    ///     written too.
    func page<Entity: SizedEntity>(
        _ name: String,
        closing: (@Sendable (inout JSONWriter) -> Void)? = nil,
        _ find: @escaping @Sendable (ReadSession) throws -> SearchCursor<Entity>,
        write: @escaping @Sendable (Entity, inout JSONWriter) -> Void
    ) -> Operation {
        .read { session in
            let page = PageInParts(name, try find(session), closing: closing, write: write)
            return try PartsBody(page, store: store, in: session)
        } encode: {
            try stream($0)
        }
    }
}

private struct PageInParts<Entity: SizedEntity>: AnswerInParts {
    /// Tells how many rows have been read.
    private var page: SearchCursor<Entity>
    /// Entities that have been read and not yet written.
    private var part: [Entity] = []
    /// The approximate length, as text, of the rows read so far.
    private var bytes = 0
    private var list: ListInParts
    private let closing: (@Sendable (inout JSONWriter) -> Void)?
    private let write: @Sendable (Entity, inout JSONWriter) -> Void

    init(
        _ name: String,
        _ page: SearchCursor<Entity>,
        closing: (@Sendable (inout JSONWriter) -> Void)?,
        write: @escaping @Sendable (Entity, inout JSONWriter) -> Void
    ) {
        self.page = page
        self.closing = closing
        self.write = write
        list = ListInParts(name, isWrittenEmpty: closing != nil)
    }

    var memoryBytes: Int { PageParts.bytesAtOnce + 64 * 1_024 + page.memoryBytes }

    mutating func readPart(in session: ReadSession) throws {
        let end = min(page.readCount + PageParts.rowsAtOnce, page.count)
        var held = 0
        while page.readCount < end, held < PageParts.bytesAtOnce {
            let read = page.readCount
            let count = PageParts.nextCount(after: read, bytes: bytes + held, inThisPart: held)
            let found = try page.next(min(count, end - read), in: session)
            for entity in found { held += entity.textBytes }
            part += found
        }
        bytes += held
    }

    mutating func writePart(to bytes: inout [UInt8]) -> Bool {
        list.append(capacity: min(2_048 * part.count, PageParts.bytesAtOnce), to: &bytes) { writer in
            for entity in part { write(entity, &writer) }
        }
        part = []
        guard page.readCount == page.count else { return true }
        list.end(to: &bytes) { writer in
            closing?(&writer)
            writer.member("next_page_token", ifPresent: page.nextPageToken)
        }
        return false
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
    /// Bytes of text after which a part ends: the memory that a client costs while it does not read.
    static let bytesAtOnce = 128 * 1_024

    /// How many rows fill what is left of a part, to judge by those that have been read before.
    static func nextCount(after rows: Int, bytes: Int, inThisPart held: Int) -> Int {
        guard rows > 0 else { return valuesAtFirst }
        let each = max(bytes / rows, 1)
        return min(max((bytesAtOnce - held) / each, 1), valuesAtOnce)
    }
}
