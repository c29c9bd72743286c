/// An entry of a tar archive, which is written in the format of POSIX.1-2001 (`pax`).
///
/// A name that is longer than 100 bytes or not ASCII, and a size of 8 GiB or more, are written to an extended header
/// before the entry's header. GNU's format, the default of many tar programs, can be read too.
struct TarEntry: Equatable {
    enum Kind {
        case file
        case folder
        /// A link, a device, or an extension of some tar programs.
        case other
        /// A file whose name is not UTF-8; in `name`, the wrong bytes are replaced.
        case invalidName
    }

    static let blockBytes = 512
    /// The maximum size of an extended header or a long name; a larger one counts as damage.
    static let maximumExtendedBytes = 65_536
    /// The end of an archive: two blocks of zeros.
    static let end = [UInt8](repeating: 0, count: 2 * blockBytes)

    var name: String
    var size: Int64
    /// The modification time in seconds since 1970.
    var modified: Int64 = 0
    var kind = Kind.file

    /// The number of zeros that complete the last block of a content of this size.
    static func padding(_ size: Int64) -> Int {
        Int((Int64(blockBytes) - size % Int64(blockBytes)) % Int64(blockBytes))
    }

    /// Appends the header, and before it an extended header if the name or the size needs one.
    func appendHeader(to bytes: inout [UInt8]) {
        var extended: [UInt8] = []
        let needsExtendedName = name.utf8.count > 100 || name.utf8.contains { $0 >= 0x80 }
        if needsExtendedName { Self.append("path", name, to: &extended) }
        if size >= Self.octalLimit { Self.append("size", String(size), to: &extended) }
        if !extended.isEmpty {
            Self.appendBlock("././@PaxHeader", Int64(extended.count), modified: modified, kind: "x", to: &bytes)
            bytes += extended
            bytes += [UInt8](repeating: 0, count: Self.padding(Int64(extended.count)))
        }
        let fallbackName = needsExtendedName ? String(name.unicodeScalars.filter(\.isASCII).suffix(100)) : name
        Self.appendBlock(fallbackName, size < Self.octalLimit ? size : 0, modified: modified, kind: "0", to: &bytes)
    }

    /// The smallest size that needs more than eleven octal digits.
    private static let octalLimit = Int64(1) << 33

    /// Appends a record of an extended header: its length, which includes the digits of the length, the key and the value.
    private static func append(_ key: String, _ value: String, to bytes: inout [UInt8]) {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count + 1
        while String(length).utf8.count + rest.utf8.count != length { length += 1 }
        bytes += Array("\(length)\(rest)".utf8)
    }

    private static func appendBlock(
        _ name: String,
        _ size: Int64,
        modified: Int64,
        kind: Unicode.Scalar,
        to bytes: inout [UInt8]
    ) {
        var block = [UInt8](repeating: 0, count: blockBytes)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
        }
        func octal(_ number: Int64, _ digits: Int) -> String {
            let text = String(max(number, 0), radix: 8)
            return String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
        }
        put(name, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(size, 11), at: 124)
        put(octal(min(modified, octalLimit - 1), 11), at: 136)
        // The checksum is computed as if its own field were eight spaces.
        put("        ", at: 148)
        block[156] = UInt8(ascii: kind)
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal(block.reduce(0) { $0 + Int64($1) }, 6), at: 148)
        block[154] = 0
        bytes += block
    }
}

/// A header block of a tar archive.
struct TarHeader {
    enum Kind {
        case entry(TarEntry.Kind)
        /// The content describes the next entry.
        case extended
        /// The content is the name of the next entry, in GNU's format.
        case longName
        /// The content describes all later entries or the target of a link.
        case ignored
    }

    /// The bytes of the name, which need not be UTF-8.
    let name: [UInt8]
    let size: Int64
    let modified: Int64
    let kind: Kind

    /// Parses a header; nil for a block that is not a header.
    ///
    /// - Parameter block: 512 bytes.
    init?(_ block: ArraySlice<UInt8>) {
        let block = Array(block)
        guard block.count == TarEntry.blockBytes, block[257..<262].elementsEqual("ustar".utf8),
            let size = Self.number(block[124..<136]), let sum = Self.number(block[148..<156])
        else { return nil }
        // The checksum is computed as if its own field were eight spaces.
        var bytes: Int64 = 8 * 32
        for (index, byte) in block.enumerated() where !(148..<156).contains(index) { bytes += Int64(byte) }
        guard bytes == sum else { return nil }
        let (name, prefix) = (Self.text(block[..<100]), Self.text(block[345..<500]))
        // GNU's format uses the field of the prefix for other data.
        let isPOSIX = block[262] == 0
        self.name = isPOSIX && !prefix.isEmpty ? prefix + [UInt8(ascii: "/")] + name : name
        self.size = size
        modified = Self.number(block[136..<148]) ?? 0
        switch block[156] {
        // In the format before POSIX, a folder is a file whose name ends with a slash.
        case 0: kind = .entry(name.last == UInt8(ascii: "/") ? .folder : .file)
        case UInt8(ascii: "0"), UInt8(ascii: "7"): kind = .entry(.file)
        case UInt8(ascii: "5"): kind = .entry(.folder)
        case UInt8(ascii: "x"): kind = .extended
        case UInt8(ascii: "L"): kind = .longName
        case UInt8(ascii: "g"), UInt8(ascii: "K"): kind = .ignored
        default: kind = .entry(.other)
        }
    }

    /// The bytes before the first NUL.
    static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// Reads an octal number, or a binary number in GNU's format; nil for other bytes.
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        if let first = field.first, first == 0x80 {
            let digits = field.dropFirst().drop { $0 == 0 }
            guard digits.count <= 8 else { return nil }
            return Int64(exactly: digits.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        if digits.isEmpty { return 0 }
        guard digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    /// The records of an extended header, by their keywords; nil for bytes in another form.
    static func extendedRecords(_ bytes: [UInt8]) -> [String: [UInt8]]? {
        var records: [String: [UInt8]] = [:]
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0 != 0x20 }
            guard digits.count <= 6, let length = Int(String(decoding: digits, as: UTF8.self)),
                length > digits.count + 2, length <= rest.count
            else { return nil }
            let record = rest.dropFirst(digits.count + 1).prefix(length - digits.count - 2)
            guard let separator = record.firstIndex(of: UInt8(ascii: "=")),
                let key = String(validating: record[..<separator], as: UTF8.self)
            else { return nil }
            records[key] = Array(record[(separator + 1)...])
            rest = rest.dropFirst(length)
        }
        return records
    }
}
