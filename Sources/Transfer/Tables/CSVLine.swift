internal import Tracking

/// A line of comma-separated values (RFC 4180) that is appended to a buffer, cell by cell.
package struct CSVLine {
    private var bytes: [UInt8]
    private var isFirst = true

    private init(continuing bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Appends a line that `write` fills.
    ///
    /// The buffer is moved and never copied: there is one line for each point.
    package static func append(to buffer: inout [UInt8], _ write: (inout CSVLine) -> Void) {
        var line = CSVLine(continuing: buffer)
        buffer = []
        write(&line)
        line.bytes.append(UInt8(ascii: "\n"))
        swap(&buffer, &line.bytes)
    }

    /// A cell without a value.
    mutating func none() {
        separate()
    }

    /// A text; in quotes where it would be read as something else without them, or as no value.
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
        // Space and control characters, of which some readers trim some.
        byte <= 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "'")
    }

    package mutating func int(_ value: Int64) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
    }

    /// A number with the fewest digits that read back the same, or `nan`, `inf`, `-inf`.
    mutating func double(_ value: Double) {
        separate()
        bytes.append(contentsOf: value.description.utf8)
    }

    /// A cell for each key: that of the thing with this key, else one without a value.
    ///
    /// Things and keys are in the order of the keys' bytes; things with other keys are left out.
    mutating func cells<Thing>(
        of things: [Thing],
        key: (Thing) -> String,
        in keys: [String],
        _ write: (inout CSVLine, Thing) -> Void
    ) {
        var rest = things[...]
        for wanted in keys {
            while let thing = rest.first, key(thing).utf8.lexicographicallyPrecedes(wanted.utf8) { rest.removeFirst() }
            if let thing = rest.first, key(thing).isExactly(wanted) {
                write(&self, thing)
                rest.removeFirst()
            } else {
                none()
            }
        }
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }
}
