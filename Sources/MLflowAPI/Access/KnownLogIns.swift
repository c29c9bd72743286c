package import HTTPServer
internal import Hashing
internal import Synchronization
internal import Tracking

/// A log-in that the server knows.
final class KnownLogIn: Sendable {
    let logIn: LogIn
    let hash: [UInt8]
    private let lastUse: Atomic<Int64>
    /// The last use that was written down, or was about to be.
    private let notedUse: Atomic<Int64>

    init(_ logIn: LogIn, hash: [UInt8]) {
        self.logIn = logIn
        self.hash = hash
        lastUse = Atomic(logIn.lastUsedTime)
        notedUse = Atomic(logIn.lastUsedTime)
    }

    func hasEnded(at time: Int64) -> Bool {
        var current = logIn
        current.lastUsedTime = lastUse.load(ordering: .relaxed)
        return current.hasEnded(at: time)
    }

    /// Notes a use; tells whether it is to be written down.
    func noteUse(at time: Int64) -> Bool {
        lastUse.store(time, ordering: .relaxed)
        let noted = notedUse.load(ordering: .relaxed)
        guard time - noted >= LogIn.useInterval else { return false }
        return notedUse.compareExchange(expected: noted, desired: time, ordering: .relaxed).exchanged
    }
}

/// All log-ins, found by the hashes of their keys.
struct KnownLogIns: Sendable {
    /// By the first bytes of the hash, as tokens are.
    private var logIns: [ArraySlice<UInt8>: [KnownLogIn]] = [:]

    init(_ all: some Sequence<KnownLogIn>) {
        for logIn in all { logIns[logIn.hash.prefix(8), default: []].append(logIn) }
    }

    func logIn(ofHash hash: [UInt8]) -> KnownLogIn? {
        logIns[hash.prefix(8)]?.first { ConstantTime.areEqual($0.hash, hash) }
    }
}

/// The cookie by which a browser shows its log-in.
package enum LogInCookie {
    private static let name = "apus_log_in"

    /// What a browser keeps.
    ///
    /// With the prefix `__Host-` it takes the cookie from this host alone, over https; pages of a neighbouring host cannot set it.
    ///
    /// - Parameters:
    ///   - value: empty to have it forgotten.
    ///   - seconds: how long it is kept.
    package static func field(
        _ value: String,
        name: String = name,
        seconds: Int64,
        isSecure: Bool
    ) -> (name: String, value: String) {
        let prefix = isSecure ? "__Host-" : ""
        let ending = isSecure ? "; Secure" : ""
        return ("Set-Cookie", "\(prefix)\(name)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Lax\(ending)")
    }

    /// The value of a cookie of this server; nil if it was not sent, or more than once.
    package static func value(of name: String = name, in request: HTTPRequest, isSecure: Bool) -> String? {
        guard request.header("cookie") != nil else { return nil }
        let wanted = (isSecure ? "__Host-" : "") + name
        var found: String?
        for (field, text) in request.headers where field.lowercased() == "cookie" {
            for pair in text.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                guard let equals = pair.firstIndex(of: "="), pair[..<equals] == wanted else { continue }
                // Of two, one may have been put there by a neighbouring host.
                guard found == nil else { return nil }
                found = String(pair[pair.index(after: equals)...])
            }
        }
        return found
    }
}
