internal import Coding

/// Parses a query of the form `name=value&…` as browsers and MLflow's Python client write it (WHATWG URL §5.1), and
/// percent-decodes it once.
enum QueryParser {
    static func parse(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int32>?,
        limits: HTTPLimits
    ) throws(HTTPRefusal) -> [(name: String, value: String)] {
        guard let range, !range.isEmpty else { return [] }
        let raw = UnsafeRawBufferPointer(rebasing: bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        var result: [(name: String, value: String)] = []
        for part in raw.split(separator: UInt8(ascii: "&")) {
            guard result.count < limits.queryParameterCount else {
                throw HTTPRefusal(400, "The query has more than \(limits.queryParameterCount) parameters")
            }
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let value = equals == part.endIndex ? part[part.endIndex...] : part[(equals + 1)...]
            guard let name = PercentCoding.decode(UnsafeRawBufferPointer(rebasing: part[..<equals]), plusIsSpace: true),
                let text = PercentCoding.decode(UnsafeRawBufferPointer(rebasing: value), plusIsSpace: true)
            else { throw HTTPRefusal(400, "The query is not valid percent-encoded UTF-8") }
            result.append((name, text))
        }
        return result
    }
}
