/// Why bytes are not a valid JSON document.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The offset of the error in bytes.
    package let offset: Int

    /// The error without any text of the document.
    package let message: String

    /// Message and offset in one line.
    package var description: String { "\(message) at byte \(offset)" }
}

/// Limits of the reader.
package struct JSONLimits: Sendable {
    /// The nesting depth of arrays and objects, including the outermost.
    package var depth = 100

    /// The number of keys and values together; each takes 16 bytes of memory.
    package var values = 2_000_000

    package init() {}
}
