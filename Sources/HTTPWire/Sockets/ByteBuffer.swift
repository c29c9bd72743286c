internal import Glibc

/// A growable byte queue on the C heap: bytes are appended at the end and consumed from the start.
///
/// Only one thread at a time may use a buffer; the owner of the buffer states which thread.
package final class ByteBuffer {
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0

    package init() {}

    deinit { free(base) }

    package var count: Int { end - start }
    package var isEmpty: Bool { start == end }

    /// The content; the pointer is valid until the buffer is changed.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base?.advanced(by: start), count: count) }

    /// The unused memory after the content; write to it, then call `didFill`.
    package var space: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base?.advanced(by: end), count: capacity - end)
    }

    /// Makes `space` at least `count` bytes long, by moving the content to the front or by growing.
    package func reserve(_ count: Int) {
        if capacity - end >= count { return }
        if let base, start > 0 {
            memmove(base, base + start, end - start)
            end -= start
            start = 0
            if capacity - end >= count { return }
        }
        let wanted = max(capacity * 2, end + count)
        guard let grown = realloc(base, wanted) else { fatalError("out of memory for a buffer of \(wanted) bytes") }
        base = grown
        capacity = wanted
    }

    /// Adds the first `count` bytes of `space` to the content.
    package func didFill(_ count: Int) {
        precondition(count <= capacity - end, "filled \(count) bytes of \(capacity - end)")
        end += count
    }

    /// Removes the first `count` bytes of the content.
    package func consume(_ count: Int) {
        precondition(count <= end - start, "consumed \(count) bytes of \(end - start)")
        start += count
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Frees the memory if the buffer is empty, so that an idle connection needs none.
    package func releaseIfEmpty() {
        guard isEmpty else { return }
        free(base)
        base = nil
        capacity = 0
    }

    package func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        reserve(bytes.count)
        guard let base else { return }
        memcpy(base + end, source, bytes.count)
        end += bytes.count
    }

    package func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    package func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    package func append(decimal number: Int) { append(String(number)) }
}
