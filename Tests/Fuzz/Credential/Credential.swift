import Budgets
import Coding
import HTTPServer
import HTTPWire
import MLflowAPI

/// Sends the fuzzer's input as the field Authorization, and as the name and the token of well-formed ones.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzCredential(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    if let found = credential(ofFields: [bytes]), case .token(let token) = found {
        // What is not UTF-8 is replaced, and no token has such bytes.
        let isText = String(validating: bytes, as: UTF8.self) != nil
        precondition(!isText || token.count < bytes.count, "a token is longer than what was sent")
        guard case .other? = credential(ofFields: [bytes, bytes]) else {
            preconditionFailure("one of two fields was chosen")
        }
    }
    // A client sends any name, and the token as its password.
    let colon = UInt8(ascii: ":")
    let name = bytes.prefix { $0 != colon }
    let token = Array(bytes.drop { $0 != colon }.dropFirst())
    let basic = Base64.encode(name + [colon] + token, .standard)
    for scheme in ["Basic ", "basic ", "BASIC "] {
        guard case .basic(let readName, let read)? = credential(ofFields: [Array((scheme + basic).utf8)]),
            readName.utf8.elementsEqual(String(decoding: name, as: UTF8.self).utf8), read == token
        else {
            preconditionFailure("a name and a password are read otherwise")
        }
    }
    let text = Base64.encode(token)
    guard !text.isEmpty else { return 0 }
    guard case .token(let read)? = credential(ofFields: [Array("Bearer \(text)".utf8)]), read == Array(text.utf8) else {
        preconditionFailure("a token is read otherwise")
    }
    return 0
}

/// What a request shows; nil where its head is refused.
private func credential(ofFields fields: [[UInt8]]) -> Credential? {
    var bytes = Array("GET / HTTP/1.1\r\nHost: h\r\n".utf8)
    for field in fields { bytes += Array("Authorization: ".utf8) + field + Array("\r\n".utf8) }
    bytes += Array("\r\n".utf8)
    var limits = HTTPLimits()
    limits.headBytes = 1 << 20
    var parser = RequestHeadParser(limits: limits)
    return bytes.withUnsafeBytes { bytes in
        guard let parsed = try? parser.parse(bytes) else { return nil }
        return Credential(HTTPRequest(head: parsed.head, caller: .server, isAloneOnItsThread: false))
    }
}
