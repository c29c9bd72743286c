package import HTTPServer
internal import Hashing
internal import Synchronization
internal import Tracking

/// A log-in in memory, with the time of its last use.
final class KnownLogIn: Sendable {
    let logIn: LogIn
    let hash: [UInt8]
    private let lastUse: Atomic<Int64>
    /// The time of the last use that was stored or is being stored.
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

    /// Records a use; returns whether it should be stored.
    func noteUse(at time: Int64) -> Bool {
        lastUse.store(time, ordering: .relaxed)
        let noted = notedUse.load(ordering: .relaxed)
        guard time - noted >= LogIn.useInterval else { return false }
        return notedUse.compareExchange(expected: noted, desired: time, ordering: .relaxed).exchanged
    }
}

/// All log-ins, found by the hashes of their keys.
struct KnownLogIns: Sendable {
    /// The log-ins by the first bytes of the hash, for the reason given at `KnownTokens`.
    private var logIns: [ArraySlice<UInt8>: [KnownLogIn]] = [:]

    /// Counts the changes of the log-ins in memory.
    let generation: Int

    init(_ all: some Sequence<KnownLogIn>, generation: Int = 0) {
        self.generation = generation
        for logIn in all { logIns[logIn.hash.prefix(8), default: []].append(logIn) }
    }

    private var all: some Sequence<KnownLogIn> { logIns.values.joined() }

    /// All log-ins except those with these hashes.
    func without(_ hashes: [[UInt8]]) -> KnownLogIns {
        KnownLogIns(all.filter { !hashes.contains($0.hash) }, generation: generation + 1)
    }

    /// Whether these log-ins include all of `others`.
    func containsAll(of others: KnownLogIns) -> Bool { others.all.allSatisfy { logIn(ofHash: $0.hash) != nil } }

    func logIn(ofHash hash: [UInt8]) -> KnownLogIn? {
        logIns[hash.prefix(8)]?.first { ConstantTime.areEqual($0.hash, hash) }
    }
}

/// The cookie with the key of a log-in.
package enum LogInCookie {
    private static let name = "apus_log_in"

    /// The paths and schemes with which a browser sends a cookie.
    package struct Scope: Sendable, Equatable {
        /// The path beneath which the browser sends the cookie, without a slash at its end; empty for all paths.
        let path: String
        /// Whether the browser sends the cookie only over https.
        let isSecure: Bool

        init(path: String, isSecure: Bool) {
            // A path with other characters is not used, because they could end the cookie's attribute or its name.
            let isPlain = path.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "/-._~".utf8.contains(byte)
            }
            self.path = isPlain ? path : ""
            self.isSecure = isSecure
        }

        /// The full name of a cookie for these paths and schemes.
        ///
        /// The name contains the path, so that two servers on the same host, beneath different prefixes, do not use each other's
        /// cookies. A browser accepts a cookie whose name begins with `__Host-` only from this host and over https, so that a
        /// related host cannot set it. Such a cookie is for all paths; with a path, the name begins with `__Secure-`, which only
        /// requires https.
        func fullName(_ name: String) -> String {
            let prefix = isSecure ? path.isEmpty ? "__Host-" : "__Secure-" : ""
            return prefix + name + path.replacing("/", with: ".")
        }
    }

    /// The header field that sets the cookie.
    ///
    /// - Parameters:
    ///   - value: empty to delete the cookie.
    ///   - seconds: how long the browser keeps the cookie.
    package static func field(
        _ value: String,
        name: String = name,
        seconds: Int64,
        at scope: Scope
    ) -> (name: String, value: String) {
        let path = scope.path.isEmpty ? "/" : scope.path
        let secureAttribute = scope.isSecure ? "; Secure" : ""
        return (
            "Set-Cookie",
            "\(scope.fullName(name))=\(value); Path=\(path); Max-Age=\(seconds); HttpOnly; SameSite=Lax\(secureAttribute)"
        )
    }

    /// The value of a cookie of this server; nil if it was not sent, or more than once.
    package static func value(of name: String = name, in request: HTTPRequest, at scope: Scope) -> String? {
        guard request.header("cookie") != nil else { return nil }
        let fullName = scope.fullName(name)
        var found: String?
        for (field, text) in request.headers where field.lowercased() == "cookie" {
            for pair in text.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                guard let equals = pair.firstIndex(of: "="), pair[..<equals] == fullName else { continue }
                // If there are two, a related host may have set one of them, so neither is accepted.
                guard found == nil else { return nil }
                found = String(pair[pair.index(after: equals)...])
            }
        }
        return found
    }
}
