internal import Budgets
internal import HTTPWire
internal import JSON
internal import Synchronization
internal import Tracking

/// An answer that is read and written part by part.
protocol AnswerInParts: Sendable {
    /// The maximum memory that one part needs, as values and as text, in bytes.
    var memoryBytes: Int { get }

    /// Reads the values of the next part, inside a read transaction.
    mutating func readPart(in session: any TrackingReading) throws

    /// Writes the part that has been read, and frees its values.
    ///
    /// - Returns: whether there are further parts to read.
    mutating func writePart(to bytes: inout [UInt8]) -> Bool
}

/// The body of an answer that is read and written part by part.
///
/// Each part is read in its own transaction, which ends before the part is written and sent. The limits of one read
/// apply to all parts together.
final class PartsBody<Answer: AnswerInParts>: HTTPBodyProducer {
    private struct State {
        var answer: Answer
        /// Whether a part has been read and not yet written.
        var hasPart: Bool
    }

    private let store: any TrackingBackend
    private let caller: Caller
    /// The time spent in the reads of all parts, to which the limit for one read applies.
    private let effort: ReadEffort
    private let state: Mutex<State>
    let memoryBytes: Int

    /// Reads the first part.
    init(_ answer: Answer, store: any TrackingBackend, in session: any TrackingReading) throws {
        var answer = answer
        try answer.readPart(in: session)
        self.store = store
        caller = session.caller
        effort = session.effortOfWholeAnswer()
        memoryBytes = answer.memoryBytes
        state = Mutex(State(answer: answer, hasPart: true))
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        let state = state.withLock { $0 }
        var answer = state.answer
        if !state.hasPart {
            answer = try store.readNow(.continued, for: caller, effort: effort) { [answer] session in
                var answer = answer
                try answer.readPart(in: session)
                return answer
            }
        }
        let hasMore = answer.writePart(to: &buffer)
        self.state.withLock { [answer] in $0 = State(answer: answer, hasPart: false) }
        return hasMore
    }
}

extension MLflowAPI {
    /// Returns an operation whose answer is read and written part by part.
    func inParts<Answer: AnswerInParts>(
        _ answer: @escaping @Sendable (any TrackingReading) throws -> Answer
    ) -> Operation {
        .read({ try PartsBody(answer($0), store: store, in: $0) }, encode: { try stream($0) })
    }
}

/// Writes a JSON object that begins with a long list.
///
/// The elements of the list are written part by part.
struct ListInParts: Sendable {
    private let name: String
    private let isWrittenEmpty: Bool
    private var hasElements = false

    /// - Parameters:
    ///   - name: the name of the member that contains the list.
    ///   - isWrittenEmpty: whether the member is also written if the list is empty.
    init(_ name: String, isWrittenEmpty: Bool = false) {
        self.name = name
        self.isWrittenEmpty = isWrittenEmpty
    }

    /// Appends the elements that a closure writes; the first call also writes the beginning of the object.
    mutating func append(capacity: Int, to bytes: inout [UInt8], _ writeElements: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(capacity: capacity)
        writer.beginArray()
        writeElements(&writer)
        writer.endArray()
        let elements = writer.takeBytes().dropFirst().dropLast()
        guard !elements.isEmpty else { return }
        bytes.append(contentsOf: (hasElements ? "," : beginning).utf8)
        bytes.append(contentsOf: elements)
        hasElements = true
    }

    /// Ends the list, appends the members that a closure writes, and ends the object.
    func end(to bytes: inout [UInt8], _ writeMembers: (inout JSONWriter) -> Void) {
        let hasList = hasElements || isWrittenEmpty
        var writer = JSONWriter()
        writer.beginObject()
        writeMembers(&writer)
        writer.endObject()
        let members = writer.takeBytes().dropFirst()
        if hasList {
            if !hasElements { bytes.append(contentsOf: beginning.utf8) }
            bytes.append(contentsOf: (members.count > 1 ? "]," : "]").utf8)
        } else {
            bytes.append(UInt8(ascii: "{"))
        }
        bytes.append(contentsOf: members)
    }

    private var beginning: String { "{\"\(name)\":[" }
}
