internal import Tracking

/// Appends a line of comma-separated values (RFC 4180) to a buffer, cell by cell.
package struct CSVLine {
    private var bytes: [UInt8]
    private var isFirst = true

    private init(continuing bytes: [UInt8]) { self.bytes = bytes }

    /// Appends a line that `write` fills; the buffer is moved, because copying it for each line would take quadratic time.
    package static func append(to buffer: inout [UInt8], _ write: (inout CSVLine) -> Void) {
        var line = CSVLine(continuing: buffer)
        buffer = []
        write(&line)
        line.bytes.append(UInt8(ascii: "\n"))
        swap(&buffer, &line.bytes)
    }

    mutating func emptyCell() { separate() }

    /// Appends a text, in quotes if it is empty or has characters that readers would treat specially.
    package mutating func text(_ text: String) {
        separate()
        var text = text
        text.withUTF8 { utf8 in
            guard utf8.isEmpty || utf8.contains(where: Self.needsQuotes) else {
                bytes.append(contentsOf: utf8)
                return
            }
            bytes.append(UInt8(ascii: "\""))
            for byte in utf8 {
                if byte == UInt8(ascii: "\"") { bytes.append(byte) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private static func needsQuotes(_ byte: UInt8) -> Bool {
        // Some readers trim spaces and control characters, or read ' as a quotation mark.
        byte <= 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "'")
    }

    package mutating func int(_ value: Int64) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
    }

    /// Appends a number with the fewest digits that read back as the same number, or `nan`, `inf` or `-inf`.
    mutating func double(_ value: Double) {
        separate()
        bytes.append(contentsOf: value.description.utf8)
    }

    /// Appends a cell for each key: the cell of the item with this key, or an empty cell.
    ///
    /// Items and keys must be in the order of the keys' bytes. Items with other keys are left out.
    mutating func cells<Item>(
        of items: [Item],
        key: (Item) -> String,
        in keys: [String],
        _ write: (inout CSVLine, Item) -> Void
    ) {
        var rest = items[...]
        for wanted in keys {
            while let item = rest.first, key(item).utf8.lexicographicallyPrecedes(wanted.utf8) { rest.removeFirst() }
            if let item = rest.first, key(item).isExactly(wanted) {
                write(&self, item)
                rest.removeFirst()
            } else {
                emptyCell()
            }
        }
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }
}
