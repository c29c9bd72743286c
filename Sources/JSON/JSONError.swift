/// Why bytes are not an acceptable JSON document.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Bytes from the start of the document to the place of the fault.
    package let offset: Int

    /// What is wrong, without text from the document.
    package let message: String

    /// Message and offset in one line.
    package var description: String { "\(message) at byte \(offset)" }
}

/// Bounds of the reader.
package struct JSONLimits: Sendable {
    /// Containers inside each other, the outermost counted.
    package var depth = 100

    /// Keys and values together; each takes 16 bytes of memory.
    package var values = 2_000_000

    package init() {}
}
