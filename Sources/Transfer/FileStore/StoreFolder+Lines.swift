internal import Files
internal import Glibc

extension StoreFolder {
    /// The maximum length of a line in a metric's file; enough for a line with a dataset's name of 500 characters.
    private static let maximumLineBytes = 65_536

    /// Calls `body` with the number and the bytes of each line that is not blank; reads the file piece by piece.
    ///
    /// - Throws: `SourceFailure` if the file cannot be read to its end, or what `body` throws.
    func forEachLine(_ name: String, _ body: (Int, UnsafeRawBufferPointer) throws -> Void) throws {
        let file = try open(name)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * Self.maximumLineBytes, alignment: 16)
        defer { buffer.deallocate() }
        var (bufferCount, number) = (0, 0)
        while true {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[bufferCount...])
            let count = read(file.rawValue, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SourceFailure(String(cString: strerror(errno))) }
            bufferCount += count
            var start = 0
            while start < bufferCount {
                let line = buffer[start..<bufferCount]
                let end = line.firstIndex(of: UInt8(ascii: "\n"))
                guard let end else { break }
                number += 1
                let content = UnsafeRawBufferPointer(rebasing: line[start..<end])
                if content.contains(where: { $0 > 0x20 }) { try body(number, content) }
                start = end + 1
            }
            if count == 0 {
                // MLflow ends each line with a newline. A last line without one may lack the last digits of a number.
                guard start == bufferCount else { throw SourceFailure("its last line is cut off") }
                return
            }
            guard start > 0 || bufferCount < buffer.count else { throw SourceFailure("line \(number + 1) is too long") }
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<bufferCount]))
            bufferCount -= start
        }
    }
}
