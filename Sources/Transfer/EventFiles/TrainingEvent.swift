/// An `Event` of TensorBoard: the values of one step, or a description of the training.
///
/// The event refers to the bytes from which it was parsed and must not be used after they are freed.
package struct TrainingEvent {
    /// The legal times in seconds since 1970, up to the end of the year 9999.
    private static let legalSeconds = 0.0...253_402_300_799.0

    /// Seconds since 1970.
    let wallTime: Double
    let step: Int64
    /// Whether the event describes the computation (a graph) and not its results.
    let isGraph: Bool
    private let summaries: [UnsafeRawBufferPointer]

    /// - Throws: for a message that is not an event, and for an event without a legal time.
    package init(_ message: UnsafeRawBufferPointer) throws(BrokenMessage) {
        var (wallTime, step, isGraph) = (Double.nan, Int64(0), false)
        var summaries: [UnsafeRawBufferPointer] = []
        var fields = WireFields(message)
        while let (number, value) = try fields.next() {
            switch number {
            case 1: wallTime = try value.double()
            case 2: step = Int64(bitPattern: try value.number())
            case 5: summaries.append(try value.message())
            case 4, 8, 9: isGraph = true
            default: break
            }
        }
        guard Self.legalSeconds.contains(wallTime) else { throw BrokenMessage() }
        (self.wallTime, self.step, self.isGraph, self.summaries) = (wallTime, step, isGraph, summaries)
    }

    /// The time in Unix milliseconds.
    var milliseconds: Int64 { Int64(wallTime * 1_000) }

    /// Calls `body` with each value.
    ///
    /// - Throws: `BrokenMessage`, or what `body` throws.
    func forEachValue(_ body: (SummaryValue) throws -> Void) throws {
        for summary in summaries {
            var fields = WireFields(summary)
            while let (number, value) = try fields.next() {
                if number == 1 { try body(try SummaryValue(value.message())) }
            }
        }
    }
}
