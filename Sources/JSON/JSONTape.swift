/// The type of a JSON value.
package enum JSONKind: UInt8, Sendable {
    case null
    case `false`
    case `true`
    case number
    case string
    case array
    case object
}

/// One key or value: its range in the source, and the index of the node that follows it.
struct JSONNode {
    /// The offset of the first byte; for a string, of the byte after its opening quote.
    var start: UInt32
    /// The offset after the last byte; for a string, of its closing quote.
    var end: UInt32
    /// The index of the node after this one and its elements or members; for an open container, the index of its parent.
    var next: UInt32
    /// Bits 0 to 2 are the kind, bit 3 is `hasEscapesOrIsInteger`, bits 4 to 31 are the number of elements or members.
    private var bits: UInt32

    /// The largest size of a document in bytes; an element takes two bytes or more, so the number of elements fits into 28 bits.
    static let maximumSourceBytes = 1 << 28

    init(kind: JSONKind, start: Int, end: Int, next: Int, hasEscapesOrIsInteger: Bool = false) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        self.next = UInt32(truncatingIfNeeded: next)
        bits = UInt32(kind.rawValue) | (hasEscapesOrIsInteger ? 8 : 0)
    }

    var kind: JSONKind { JSONKind(rawValue: UInt8(truncatingIfNeeded: bits & 7)) ?? .null }

    /// For a string, whether it contains escapes; for a number, whether it has neither fraction nor exponent.
    var hasEscapesOrIsInteger: Bool { bits & 8 != 0 }

    var count: Int { Int(bits >> 4) }

    mutating func incrementCount() { bits &+= 1 << 4 }
}

/// The nodes of a document in source order, and the source; `@unchecked Sendable` because a tape never changes after `init`.
final class JSONTape: @unchecked Sendable {
    let source: [UInt8]
    let nodes: UnsafeMutablePointer<JSONNode>
    let count: Int

    /// Creates a tape, which frees `nodes` when it is deallocated.
    init(source: [UInt8], nodes: UnsafeMutablePointer<JSONNode>, count: Int) {
        self.source = source
        self.nodes = nodes
        self.count = count
    }

    deinit { nodes.deallocate() }

    /// The node at an index; not checked in a release build, because all indices come from the tape itself.
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
