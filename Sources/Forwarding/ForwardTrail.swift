internal import Synchronization

/// Tells whether what this server sends to another one comes back to it; may be used by several threads.
///
/// Each call to an upstream says which servers it comes from: this one, and those that have lately sent something here. A
/// server that finds itself among them refuses the call, because servers in a circle would overwrite what is new with what
/// is old. The names are made anew at each start.
package final class ForwardTrail: Sendable {
    package static let field = "Apus-Forwarded-By"
    package static let errorCode = "FORWARDING_LOOP"
    /// What a server says to a call that comes from itself.
    package static let refusal =
        "What this server sends comes back to it: let no server be the upstream of itself or of its own upstream"

    /// So many servers are known at once.
    private static let mostSources = 32
    /// How long a server counts as one that sends everything here.
    private static let memory = Duration.seconds(3_600)
    private static let lengthOfName = 16

    private let name: String
    private let sources = Mutex<[String: ContinuousClock.Instant]>([:])

    package init() {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        name = String(repeating: "0", count: Self.lengthOfName - digits.count) + digits
    }

    /// The value of the field in calls to the upstream.
    package var value: String {
        let now = ContinuousClock.now
        let others = sources.withLock { sources in
            sources = sources.filter { now - $0.value < Self.memory }
            return sources.keys.sorted()
        }
        return ([name] + others).joined(separator: ", ")
    }

    /// Remembers where a call comes from.
    ///
    /// - Parameter value: that of the field.
    /// - Returns: whether it comes from this server itself.
    package func comesBack(_ value: String) -> Bool {
        let names = value.split(whereSeparator: { $0 == "," || $0 == " " }).prefix(Self.mostSources).map { String($0) }
        if names.contains(name) { return true }
        let now = ContinuousClock.now
        sources.withLock { sources in
            for source in names where source.utf8.count == Self.lengthOfName && source.allSatisfy(\.isHexDigit) {
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
