internal import Synchronization

/// Detects servers that forward to each other in a circle; several threads may use it.
///
/// Each call to an upstream has a header field with the names of this server and of the servers that have lately sent
/// something to it. A server that finds its own name in the field refuses the call, because servers in a circle would
/// overwrite new data with old data. Each start chooses a new random name.
package final class ForwardTrail: Sendable {
    package static let field = "Apus-Forwarded-By"
    package static let errorCode = "FORWARDING_LOOP"
    /// The message with which a server refuses a call whose field has its own name.
    package static let refusal =
        "What this server sends comes back to it, because servers forward to each other in a circle: "
        + "no server may be the upstream of itself, or of its own upstream"

    /// The most names of other servers that are remembered.
    private static let mostSources = 32
    /// How long the name of another server is remembered after its last call.
    private static let sourceLifetime = Duration.seconds(3_600)
    private static let nameLength = 16

    private let name: String
    private let sources = Mutex<[String: ContinuousClock.Instant]>([:])

    package init() {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        name = String(repeating: "0", count: Self.nameLength - digits.count) + digits
    }

    /// The value of the header field in calls to the upstream: this server's name, then the remembered ones.
    package var value: String {
        let now = ContinuousClock.now
        let others = sources.withLock { sources in
            sources = sources.filter { now - $0.value < Self.sourceLifetime }
            return sources.keys.sorted()
        }
        return ([name] + others).joined(separator: ", ")
    }

    /// Remembers the server names in a call's field.
    ///
    /// - Parameter value: the value of the header field.
    /// - Returns: true if one of the names is this server's own; then nothing is remembered.
    package func detectsLoop(_ value: String) -> Bool {
        let names = value.split(whereSeparator: { $0 == "," || $0 == " " }).prefix(Self.mostSources).map { String($0) }
        if names.contains(name) { return true }
        let now = ContinuousClock.now
        sources.withLock { sources in
            for source in names where source.utf8.count == Self.nameLength && source.allSatisfy(\.isHexDigit) {
                if sources[source] == nil, sources.count >= Self.mostSources {
                    guard let oldest = sources.min(by: { $0.value < $1.value }) else { continue }
                    sources[oldest.key] = nil
                }
                sources[source] = now
            }
        }
        return false
    }
}
