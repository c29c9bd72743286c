/// Parses a document in one pass, without recursion, into its tape: `nodes`.
struct JSONParser {
    let base: UnsafePointer<UInt8>
    let end: Int
    var position = 0

    private let limits: JSONLimits
    private var capacity: Int
    private(set) var nodes: UnsafeMutablePointer<JSONNode>
    private(set) var count = 0
    /// The tape index of the innermost open container; -1 if none is open.
    private var container = -1
    private var depth = 0

    /// Creates a parser, whose `nodes` the caller must free, even if `parse()` throws.
    ///
    /// - Parameter base: the first byte of the document.
    init(base: UnsafePointer<UInt8>, count: Int, limits: JSONLimits) {
        self.base = base
        end = count
        self.limits = limits
        capacity = max(1, min(count / 8 + 16, limits.valueCount))
        nodes = .allocate(capacity: capacity)
    }

    mutating func parse() throws(JSONError) {
        if end >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF { throw failure("byte order mark") }
        repeat {
            try parseValue()
        } while try finishValue()
        skipBlanks()
        guard position == end else { throw failure("text after the document") }
    }

    /// Parses one scalar or empty container, and opens all containers that begin before it.
    private mutating func parseValue() throws(JSONError) {
        while true {
            skipBlanks()
            guard position < end else { throw failure("unexpected end") }
            switch base[position] {
            case UInt8(ascii: "\""): return try parseString()
            case UInt8(ascii: "{"):
                try open(.object)
                if try closeIfNext(UInt8(ascii: "}")) { return }
                try parseKey()
            case UInt8(ascii: "["):
                try open(.array)
                if try closeIfNext(UInt8(ascii: "]")) { return }
            case UInt8(ascii: "t"): return try parseWord("true", .true)
            case UInt8(ascii: "f"): return try parseWord("false", .false)
            case UInt8(ascii: "n"): return try parseWord("null", .null)
            case UInt8(ascii: "N"): return try parseWord("NaN", .number)
            case UInt8(ascii: "I"): return try parseWord("Infinity", .number)
            default: return try parseNumber()
            }
        }
    }

    /// Closes all containers that end directly after a value; returns whether another value follows.
    private mutating func finishValue() throws(JSONError) -> Bool {
        while container >= 0 {
            nodes[container].incrementCount()
            skipBlanks()
            guard position < end else { throw failure("unexpected end") }
            let isObject = nodes[container].kind == .object
            switch base[position] {
            case UInt8(ascii: ","):
                position += 1
                if isObject { try parseKey() }
                return true
            case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
                // The closed container is a value of the outer container, which may also end here.
                close()
            default: throw failure(isObject ? "expected ',' or '}'" : "expected ',' or ']'")
            }
        }
        return false
    }

    private mutating func parseKey() throws(JSONError) {
        skipBlanks()
        guard position < end, base[position] == UInt8(ascii: "\"") else { throw failure("expected a key") }
        try parseString()
        skipBlanks()
        guard position < end, base[position] == UInt8(ascii: ":") else { throw failure("expected ':'") }
        position += 1
    }

    private mutating func open(_ kind: JSONKind) throws(JSONError) {
        depth += 1
        guard depth <= limits.depth else { throw failure("nested deeper than \(limits.depth)") }
        let parent = container
        container = count
        // While the container is open, `next` is its parent; -1 is stored as UInt32.max, and `close()` converts it back.
        try append(JSONNode(kind: kind, start: position, end: position, next: parent))
        position += 1
    }

    private mutating func close() {
        position += 1
        depth -= 1
        let parent = Int(Int32(truncatingIfNeeded: nodes[container].next))
        nodes[container].next = UInt32(truncatingIfNeeded: count)
        nodes[container].end = UInt32(truncatingIfNeeded: position)
        container = parent
    }

    private mutating func closeIfNext(_ byte: UInt8) throws(JSONError) -> Bool {
        skipBlanks()
        guard position < end else { throw failure("unexpected end") }
        guard base[position] == byte else { return false }
        close()
        return true
    }

    private mutating func parseWord(_ word: StaticString, _ kind: JSONKind) throws(JSONError) {
        let start = position
        try match(word)
        try append(JSONNode(kind: kind, start: start, end: position, next: count + 1))
    }

    mutating func match(_ word: StaticString) throws(JSONError) {
        guard end - position >= word.utf8CodeUnitCount else { throw failure("unexpected text") }
        for index in 0..<word.utf8CodeUnitCount where base[position + index] != word.utf8Start[index] {
            throw failure("unexpected text")
        }
        position += word.utf8CodeUnitCount
    }

    @inline(__always)
    mutating func append(_ node: JSONNode) throws(JSONError) {
        if count == capacity { try grow() }
        (nodes + count).initialize(to: node)
        count += 1
    }

    private mutating func grow() throws(JSONError) {
        guard count < limits.valueCount else { throw failure("more than \(limits.valueCount) keys and values") }
        let larger = min(capacity * 2, max(limits.valueCount, capacity + 1))
        let moved = UnsafeMutablePointer<JSONNode>.allocate(capacity: larger)
        moved.moveInitialize(from: nodes, count: count)
        nodes.deallocate()
        nodes = moved
        capacity = larger
    }

    @inline(__always)
    private mutating func skipBlanks() {
        while position < end {
            switch base[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            default: return
            }
        }
    }

    func failure(_ message: String) -> JSONError { JSONError(offset: position, message: message) }
}
