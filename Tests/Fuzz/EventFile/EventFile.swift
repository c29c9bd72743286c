import Coding
import Files
import Glibc
import Tracking
import Transfer

/// Reads the fuzzer's input as an event file, and as the content of a record between two others.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzEventFile(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    _ = read(bytes)
    let known = framed(knownEvent)
    let found = read(known + framed(bytes) + known)
    precondition(found.records == 3 && found.damaged == 0, "whole records are not found")
    precondition(found.points >= 2, "points of other events are lost")
    // The head of the record in the middle is broken: all of it is passed over, and nothing else. A content that itself
    // has the form of a head would be read as one.
    guard !hasHead(bytes + littleEndian(checksum(bytes))) else { return 0 }
    var broken = known + framed(bytes) + known
    broken[known.count] ^= 1
    let rest = read(broken)
    precondition(rest.records >= 2 && rest.damaged > 0 && rest.points >= 2, "records after damage are not found")
    return 0
}

/// A scalar `x` of 1 at the first second.
private let knownEvent: [UInt8] =
    [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F] + [0x2A, 0x0A, 0x0A, 0x08, 0x0A, 0x01, 0x78, 0x15, 0, 0, 0x80, 0x3F]

private func framed(_ content: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(content.count))
    return length + littleEndian(checksum(length)) + content + littleEndian(checksum(content))
}

private func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var checksum = CRC32C()
    bytes.withUnsafeBytes { checksum.update($0) }
    return checksum.masked
}

/// Whether a length with its checksum stands somewhere in the bytes.
private func hasHead(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 12 else { return false }
    return (0...bytes.count - 12).contains { start in
        littleEndian(checksum(Array(bytes[start..<start + 8]))).elementsEqual(bytes[start + 8..<start + 12])
    }
}

private struct Found {
    var records = 0
    var points = 0
    /// Bytes.
    var damaged: Int64 = 0
}

private func read(_ bytes: [UInt8]) -> Found {
    guard let stream = tmpfile() else { preconditionFailure("no temporary file can be made") }
    defer { fclose(stream) }
    let file = Descriptor(owning: dup(fileno(stream)))
    let written = bytes.withUnsafeBytes { write(file.rawValue, $0.baseAddress, $0.count) }
    precondition(written == bytes.count, "the disk is full")
    var found = Found()
    var events = RunEvents()
    let reader = EventFileReader(file, size: Int64(bytes.count))
    var end: Int64 = 0
    while let part = try? reader.next() {
        switch part {
        case .record(let content, let place):
            precondition(place.lowerBound == end, "parts do not follow each other")
            end = place.upperBound
            found.records += 1
            guard let event = try? TrainingEvent(content) else { continue }
            try? events.add(event) { _, _, _ in found.points += 1 }
        case .damage(let place):
            precondition(place.lowerBound == end && !place.isEmpty, "parts do not follow each other")
            end = place.upperBound
            found.damaged += Int64(place.count)
        case .tooLarge: preconditionFailure("no record is so large")
        }
    }
    for key in events.keys { precondition((try? validateKey(key, path: "key")) != nil, "a key is not legal: \(key)") }
    precondition(Set(events.keys.map { ExactText($0) }).count == events.keys.count, "two tags have one key")
    return found
}
