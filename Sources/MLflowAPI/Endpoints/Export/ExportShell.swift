/// The HTML before and after the JSON document of an export; together they are a file that a browser opens.
package struct ExportShell: Sendable {
    /// The HTML before the document, which ends inside a script element.
    package let before: [UInt8]
    /// The HTML after the document.
    package let after: [UInt8]

    package init(before: [UInt8] = [], after: [UInt8] = []) {
        self.before = before
        self.after = after
    }

    /// Appends JSON to HTML, escaped so that it can neither end the script element around it nor begin a comment.
    ///
    /// In JSON, `<` occurs only in strings, where `\u003c` means the same. The line separators U+2028 and U+2029 are
    /// escaped too, because they would end a string if the document were read as JavaScript.
    ///
    /// - Parameter json: a part of the document that begins and ends between two tokens.
    static func escape(_ json: some Sequence<UInt8>, into bytes: inout [UInt8]) {
        for byte in json {
            if byte == UInt8(ascii: "<") {
                bytes.append(contentsOf: "\\u003c".utf8)
                continue
            }
            bytes.append(byte)
            guard byte == 0xA8 || byte == 0xA9, bytes.suffix(3).dropLast().elementsEqual([0xE2, 0x80]) else { continue }
            bytes.removeLast(3)
            bytes.append(contentsOf: (byte == 0xA8 ? "\\u2028" : "\\u2029").utf8)
        }
    }
}
