/// The reason why bytes are not a valid JSON document.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The offset of the error in the document, in bytes.
    package let offset: Int
    /// What is wrong, without any text of the document.
    package let message: String

    package var description: String { "\(message) at byte \(offset)" }
}

/// Limits for the parsing of a document.
package struct JSONLimits: Sendable {
    /// The largest nesting depth of arrays and objects, including the outermost.
    package var depth = 100
    /// The largest number of keys and values together; each needs 16 bytes of memory.
    package var valueCount = 2_000_000

    package init() {}
}
