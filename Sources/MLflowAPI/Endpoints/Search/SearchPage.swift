internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    /// Answers a search with one page of results, which is read and written in parts.
    ///
    /// The first transaction determines the results of the page and their order. A later part shows its results as they
    /// are when the part is read, and leaves out those that were removed meanwhile.
    /// - Parameters:
    ///   - name: the name of the member that lists the results.
    ///   - closing: writes members after the whole list; with this parameter, an empty list is written too.
    func page<Entity: SizedEntity>(
        _ name: String,
        closing: (@Sendable (inout JSONWriter) -> Void)? = nil,
        _ find: @escaping @Sendable (any TrackingReading) throws -> SearchCursor<Entity>,
        write: @escaping @Sendable (Entity, inout JSONWriter) -> Void
    ) -> Operation {
        inParts { PageInParts(name, try find($0), closing: closing, write: write) }
    }
}

private struct PageInParts<Entity: SizedEntity>: AnswerInParts {
    private var page: SearchCursor<Entity>
    /// The entities that have been read and not yet written.
    private var part: [Entity] = []
    /// The approximate length as text, in bytes, of the results read so far.
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

    mutating func readPart(in session: any TrackingReading) throws {
        let end = min(page.readCount + PageParts.rowsAtOnce, page.count)
        var partBytes = 0
        while page.readCount < end, partBytes < PageParts.bytesAtOnce {
            let read = page.readCount
            let count = PageParts.nextCount(after: read, bytes: bytes + partBytes, inThisPart: partBytes)
            let found = try page.next(min(count, end - read), in: session)
            for entity in found { partBytes += entity.textBytes }
            part += found
        }
        bytes += partBytes
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

/// The lengths of the parts of a page.
private enum PageParts {
    /// The maximum number of results that are read in one transaction.
    static let rowsAtOnce = 1_000
    /// The maximum number of results that are read by one set of SQL statements.
    private static let rowsPerQuery = 100
    /// The number of results that are read first, while their length is not known.
    private static let firstRows = 20
    /// The approximate length as text, in bytes, at which a part ends.
    ///
    /// An answer that its client does not read needs this much memory.
    static let bytesAtOnce = 128 * 1_024

    /// Returns how many results will probably fill the rest of a part.
    ///
    /// - Parameters:
    ///   - rows: the number of results of the page that have been read.
    ///   - bytes: the length of these results as text, in bytes.
    ///   - partBytes: the length of the results that belong to the current part.
    static func nextCount(after rows: Int, bytes: Int, inThisPart partBytes: Int) -> Int {
        guard rows > 0 else { return firstRows }
        let each = max(bytes / rows, 1)
        return min(max((bytesAtOnce - partBytes) / each, 1), rowsPerQuery)
    }
}
