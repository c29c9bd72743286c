internal import Hashing

/// The first eight bytes of a SHA-256 in hexadecimal digits, which show whether a value has changed since it was sent.
struct Fingerprint {
    private var hash = SHA256()

    static func of(_ parts: String?...) -> String {
        var fingerprint = Fingerprint()
        for part in parts { fingerprint.add(part) }
        return fingerprint.text
    }

    /// Adds a part with its length, so that "ab" + "c" and "a" + "bc" have different fingerprints, and so do nil and "".
    mutating func add(_ part: String?) {
        let bytes = Array((part ?? "").utf8)
        hash.update(Array("\(part == nil ? "-" : String(bytes.count)):".utf8))
        hash.update(bytes)
    }

    var text: String {
        let digits = Array("0123456789abcdef")
        return String(hash.finalize().prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
