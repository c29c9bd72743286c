import Budgets
import HTTPServer
import HTTPWire

/// Gives the parser the same bytes at once and in pieces, and compares the results.
///
/// The first byte seeds the cuts; the rest is the input. The limits are small, so that inputs reach them.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    guard let data, size > 1 else { return 0 }
    let input = UnsafeRawBufferPointer(start: data + 1, count: size - 1)
    let whole = outcome(of: input, cutSeed: nil)
    let pieces = outcome(of: input, cutSeed: data[0])
    precondition(whole == pieces, "whole: \(whole)\npieces: \(pieces)")
    let chunksWhole = chunks(of: input, cutSeed: nil)
    let chunksPieces = chunks(of: input, cutSeed: data[0])
    precondition(chunksWhole == chunksPieces, "whole: \(chunksWhole)\npieces: \(chunksPieces)")
    return 0
}

private var limits: HTTPLimits {
    var limits = HTTPLimits()
    limits.headBytes = 1_024
    limits.targetBytes = 200
    limits.fieldCount = 12
    limits.queryParameterCount = 8
    limits.chunkLineBytes = 24
    limits.trailerBytes = 64
    return limits
}

/// The number of input bytes that the parser sees at each step.
private func visibleCounts(_ total: Int, _ cutSeed: UInt8?) -> [Int] {
    guard var state = cutSeed.map({ UInt32($0) &+ 1 }) else { return [total] }
    var counts: [Int] = []
    var visible = 0
    while visible < total {
        state = state &* 1_664_525 &+ 1_013_904_223
        visible = min(total, visible + 1 + Int(state >> 28))
        counts.append(visible)
    }
    return counts
}

/// All requests in the input and the end of parsing, as text to compare.
private func outcome(of input: UnsafeRawBufferPointer, cutSeed: UInt8?) -> [String] {
    var parser = RequestHeadParser(limits: limits)
    var result: [String] = []
    var consumed = 0
    do {
        for visible in visibleCounts(input.count, cutSeed) {
            while let (head, length) = try parser.parse(
                UnsafeRawBufferPointer(rebasing: input[consumed..<visible])
            ) {
                precondition(length > 0 && consumed + length <= visible, "length \(length)")
                consumed += length
                let request = HTTPRequest(head: head, caller: .server, isAloneOnItsThread: false)
                result.append(describe(request) + " length \(length)")
            }
        }
        result.append(parser.hasBegun ? "incomplete" : "done")
    } catch {
        result.append("\(error.status) \(error.message)")
    }
    return result
}

private func describe(_ request: HTTPRequest) -> String {
    let fields = request.headers.map { "\($0.name)=\($0.value)" }
    precondition(fields.count <= limits.fieldCount, "fields")
    precondition(!request.path.utf8.contains(0), "NUL in a path")
    for field in fields { precondition(!field.utf8.contains { $0 == 10 || $0 == 13 || $0 == 0 }, "control in a field") }
    var router = HTTPRouter()
    router.add(.get, "/a/{b}/c", .blocking { _, _ in })
    router.add(.get, "/{rest...}", .blocking { _, _ in })
    var matched = "none"
    if case .found(_, let pattern, let parameters, _) = router.match(request.method, rawPath: request.rawTarget) {
        matched = "\(pattern) \(parameters)"
    }
    let host = HostName(request.host).map { "\($0.name) \($0.port ?? -1)" } ?? "no host"
    return "\(request.method) \(request.rawTarget) \(request.path) \(request.query) \(fields) \(host) \(matched)"
}

/// The body from the chunked decoder and the end of decoding.
private func chunks(of input: UnsafeRawBufferPointer, cutSeed: UInt8?) -> [String] {
    var decoder = ChunkedDecoder(limits: limits)
    var body: [UInt8] = []
    var offset = 0
    do {
        for visible in visibleCounts(input.count, cutSeed) {
            let bytes = UnsafeRawBufferPointer(rebasing: input[..<visible])
            step: while true {
                switch try decoder.next(bytes, from: offset) {
                case .data(let range):
                    precondition(range.lowerBound >= offset && !range.isEmpty, "range \(range)")
                    body.append(contentsOf: bytes[range])
                    offset = range.upperBound
                case .needsMore:
                    offset = visible
                    break step
                case .finished(let consumed):
                    return ["finished \(consumed)", "\(body)"]
                }
            }
        }
        return ["more", "\(body)"]
    } catch {
        return ["\(error.status)", "\(body)"]
    }
}
