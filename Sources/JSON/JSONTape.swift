/// What a value is.
package enum JSONKind: UInt8, Sendable {
    case null
    case `false`
    case `true`
    case number
    case string
    case array
    case object
}

/// One key or value: where it lies in the source, and where the next one lies on the tape.
struct JSONNode {
    /// First byte in the source; of a string, the byte after its quote.
    var start: UInt32
    /// Byte after the last; of a string, its closing quote.
    var end: UInt32
    /// Index of the node after this one and all it contains; of a container still open, the index of its parent.
    var next: UInt32
    /// Bits 0 to 2 the kind, bit 3 the mark, from bit 4 the number of elements or members.
    private var bits: UInt32

    /// One element or member more.
    static let one: UInt32 = 1 << 4
    /// The documents' limit in bytes: any element takes two, so their number fits into 28 bits.
    static let maximumSourceBytes = 1 << 28

    init(kind: JSONKind, start: Int, end: Int, next: Int, isMarked: Bool = false) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        self.next = UInt32(truncatingIfNeeded: next)
        bits = UInt32(kind.rawValue) | (isMarked ? 8 : 0)
    }

    var kind: JSONKind { JSONKind(rawValue: UInt8(truncatingIfNeeded: bits & 7)) ?? .null }

    /// Whether a string holds escapes, or a number has neither fraction nor exponent.
    var isMarked: Bool { bits & 8 != 0 }

    var count: Int { Int(bits >> 4) }

    mutating func countOne() { bits &+= Self.one }
}

/// The nodes of a document in source order, with the source.
///
/// `@unchecked Sendable` because nothing in it changes after `init`.
final class JSONTape: @unchecked Sendable {
    let source: [UInt8]
    let nodes: UnsafeMutablePointer<JSONNode>
    let count: Int

    /// Takes over the allocation.
    init(source: [UInt8], nodes: UnsafeMutablePointer<JSONNode>, count: Int) {
        self.source = source
        self.nodes = nodes
        self.count = count
    }

    deinit {
        nodes.deallocate()
    }

    /// Indices come from the tape itself, never from a document.
    @inline(__always)
    func node(_ index: Int) -> JSONNode {
        assert(index >= 0 && index < count, "tape index \(index) of \(count)")
        return nodes[index]
    }

    @inline(__always)
    func withBytes<Result>(of node: JSONNode, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result
    {
        try source.withUnsafeBufferPointer { source in
            try body(UnsafeBufferPointer(rebasing: source[Int(node.start)..<Int(node.end)]))
        }
    }
}
