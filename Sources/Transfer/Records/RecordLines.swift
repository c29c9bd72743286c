package import Tracking

/// The records of a text that has one record on each line; records of unknown kinds are left out.
package struct RecordLines {
    /// The records in the order of the lines.
    package private(set) var records: [TransferRecord] = []

    /// - Throws: `.invalidParameterValue` with the number of the first line that is not a record.
    package init(_ text: [UInt8]) throws(TrackingError) {
        var number = 0
        var start = text.startIndex
        while start < text.endIndex {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
            number += 1
            let line = text[start..<end]
            start = end < text.endIndex ? end + 1 : end
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
            do throws(TrackingError) {
                if let record = try TransferRecord(line: Array(line)) { records.append(record) }
            } catch {
                throw .invalidParameter("Line \(number) is not a record: \(error.message).")
            }
        }
    }
}
