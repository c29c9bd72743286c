/// Parses an experiment id: decimal digits, optionally after a minus sign.
///
/// Leading zeros are allowed. MLflow also accepts other texts that Python's `int` accepts, such as `" 1"`, `"1_0"` and
/// `"+1"`, which Apus refuses. A negative id is legal, but no experiment has a negative id.
/// - Throws: `.invalidParameterValue` for a text that is not a number, `.resourceDoesNotExist` for a number that does
///   not fit into 64 bits (MLflow answers 500).
package func parseExperimentID(_ text: String) throws(TrackingError) -> Int64 {
    guard isDecimal(text) else {
        throw .invalidParameter("Invalid experiment ID '\(shortened(text))'. Experiment ID must be a valid integer.")
    }
    guard let id = Int64(text) else { throw .doesNotExist("No Experiment with id=\(shortened(text)) exists") }
    return id
}

/// Whether the text consists of ASCII digits, optionally after a minus sign.
func isDecimal(_ text: String) -> Bool {
    let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
    return !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
}

/// Throws `.invalidParameterValue` if a text cannot be a run id (`_validate_run_id` in `validation.py`).
///
/// A run id has 1 to 256 letters, digits, underscores and dashes; the first is an ASCII letter or digit. MLflow checks
/// ids only in `log-batch` and `log-inputs`; its other routes answer "not found" for an invalid id.
package func validateRunID(_ text: String) throws(TrackingError) {
    let scalars = text.unicodeScalars
    let isLegal =
        scalars.first.map { $0.isASCII && $0 != "_" && isWordScalar($0) } ?? false
        && !text.isLonger(than: 256)
        && scalars.allSatisfy { $0 == "-" || isWordScalar($0) }
    guard isLegal else { throw .invalidValue(text, path: "run_id") }
}

/// Throws `.invalidParameterValue` unless a client may give a new run this id: 32 lower-case hexadecimal digits.
package func validateNewRunID(_ text: String) throws(TrackingError) {
    let isLegal = text.utf8.count == 32 && text.utf8.allSatisfy("0123456789abcdef".utf8.contains)
    guard isLegal else {
        throw .invalidValue(
            text,
            path: "run_id",
            "The id of a new run has 32 lower-case hexadecimal digits; leave it out to have one generated."
        )
    }
}

/// Returns a new run id: a random UUID (RFC 9562 §5.4) as 32 lower-case hexadecimal digits.
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
