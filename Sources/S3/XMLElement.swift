/// An element of the XML in the answers of S3: its name, its text, and the elements inside it.
///
/// Attributes, namespaces, declarations and comments are ignored. Only the five predefined entities and numeric character
/// references are decoded, so that a hostile document cannot expand or load anything.
struct XMLElement {
    private static let maximumDepth = 16

    let name: String
    private(set) var text = ""
    private(set) var children: [XMLElement] = []

    /// Parses the first element of a document; returns nil if the document is malformed or nested too deeply.
    init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var open: [XMLElement] = []
        var rest = Substring(text).utf8
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            if !open.isEmpty { open[open.count - 1].text += Self.decoded(Substring(rest[..<start])) }
            rest = rest[rest.index(after: start)...]
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
            let tag = Substring(rest[..<end])
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("?") || tag.hasPrefix("!") { continue }
            if tag.hasPrefix("/") {
                guard let closed = open.popLast(), closed.name == Self.localName(tag.dropFirst()) else { return nil }
                guard !open.isEmpty else {
                    self = closed
                    return
                }
                open[open.count - 1].children.append(closed)
                continue
            }
            guard open.count < Self.maximumDepth else { return nil }
            let element = XMLElement(name: Self.localName(tag))
            guard tag.hasSuffix("/") else {
                open.append(element)
                continue
            }
            guard !open.isEmpty else {
                self = element
                return
            }
            open[open.count - 1].children.append(element)
        }
        return nil
    }

    private init(name: String) { self.name = name }

    /// The text of the first child with a name; nil if no child has it.
    subscript(name: String) -> String? { children.first { $0.name == name }?.text }

    private static func localName(_ tag: Substring) -> String {
        let name = tag.prefix { !" \t\r\n/".contains($0) }
        return String(name.split(separator: ":").last ?? name)
    }

    /// The length in bytes of the longest reference that is decoded, without `&` and `;`.
    private static let longestReference = 10

    // Searches bytes, because a semicolon with a combining mark after it is another Character than a semicolon.
    private static func decoded(_ text: Substring) -> String {
        var result = ""
        var rest = text.utf8
        while let ampersand = rest.firstIndex(of: UInt8(ascii: "&")) {
            result += Substring(rest[..<ampersand])
            let after = rest[rest.index(after: ampersand)...]
            // The search for `;` is bounded, so that a text with many `&` does not take quadratic time.
            let reference = after.prefix(longestReference + 1)
            guard let end = reference.firstIndex(of: UInt8(ascii: ";")), let scalar = scalar(Substring(after[..<end]))
            else {
                result.append("&")
                rest = after
                continue
            }
            result.unicodeScalars.append(scalar)
            rest = after[after.index(after: end)...]
        }
        return result + Substring(rest)
    }

    private static func scalar(_ entity: Substring) -> Unicode.Scalar? {
        switch entity {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        guard entity.hasPrefix("#") else { return nil }
        let digits = entity.dropFirst()
        let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init)
    }

    /// Whether XML 1.0 can represent a text; it cannot represent most control characters, even escaped.
    static func canContain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x09, 0x0A, 0x0D: true
            case 0..<0x20, 0xFFFE, 0xFFFF: false
            default: true
            }
        }
    }

    /// Returns a text escaped as the content of an element.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case _ where scalar.value < 0x20: result += "&#\(scalar.value);"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
