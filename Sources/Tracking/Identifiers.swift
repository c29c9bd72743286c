/// Reads an experiment id: plain decimal digits, perhaps behind a minus; leading zeros do not count.
///
/// The reference takes everything that Python's `int` takes (`" 1"`, `"1_0"`, `"+1"`); here that is a 400. No experiment
/// has a negative id: who asks for one finds nothing, as there.
/// - Throws: `.invalidParameterValue` for a text that is no number, `.resourceDoesNotExist` for a number that is too
///   large for any experiment (500 there).
package func parseExperimentID(_ text: String) throws(TrackingError) -> Int64 {
    guard isDecimal(text) else {
        throw .invalidParameter("Invalid experiment ID '\(shortened(text))'. Experiment ID must be a valid integer.")
    }
    guard let id = Int64(text) else { throw .doesNotExist("No Experiment with id=\(shortened(text)) exists") }
    return id
}

/// Whether the text is plain decimal digits, perhaps behind a minus.
func isDecimal(_ text: String) -> Bool {
    let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
    return !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
}

/// Refuses a text that cannot be a run id: 1 to 256 letters, digits, underscores and dashes, the first an ASCII letter
/// or digit (`_validate_run_id` in `validation.py`).
///
/// The reference checks this in `log-batch` and `log-inputs` only; elsewhere such an id is just not found.
package func validateRunID(_ text: String, path: @autoclosure () -> String = "run_id") throws(TrackingError) {
    let scalars = text.unicodeScalars
    let isLegal =
        scalars.first.map { $0.isASCII && $0 != "_" && isWordScalar($0) } ?? false
        && !text.isLonger(than: 256)
        && scalars.allSatisfy { $0 == "-" || isWordScalar($0) }
    guard isLegal else { throw .invalidValue(text, path: path()) }
}

/// Refuses a text that cannot be the id of a new run, which a client may choose: 32 lower-case hexadecimal digits.
package func validateNewRunID(_ text: String) throws(TrackingError) {
    let isLegal = text.utf8.count == 32 && text.utf8.allSatisfy("0123456789abcdef".utf8.contains)
    guard isLegal else {
        throw .invalidValue(
            text,
            path: "run_id",
            "The id of a new run has 32 lower-case hexadecimal digits; leave it out to have one made."
        )
    }
}

/// A new run id: 32 lower-case hexadecimal digits of a random UUID (RFC 9562 §5.4).
package func makeRunID() -> String {
    var generator = SystemRandomNumberGenerator()
    let version: UInt64 = 0x4000
    let variant: UInt64 = 0x8000_0000_0000_0000
    let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | version
    let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | variant
    return hexadecimal(high) + hexadecimal(low)
}

private func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
