/// The pages around the document of an export: together they are one file that a browser opens.
package struct ExportShell: Sendable {
    /// Up to the place of the document, which lies inside a script element of JSON.
    package let before: [UInt8]
    package let after: [UInt8]

    package init(before: [UInt8] = [], after: [UInt8] = []) {
        self.before = before
        self.after = after
    }

    /// The document so that it cannot end the element that it lies in, nor begin a comment there.
    ///
    /// In JSON a `<` stands inside of a string only, where an escape means the same. The two line separators would end a
    /// string where the document is read as JavaScript.
    ///
    /// - Parameter json: whole tokens; no character is cut at an end.
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
