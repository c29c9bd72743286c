internal import HTTPWire

/// When users were deleted, so that what came before does not make them again.
///
/// Not safe from several threads.
struct Deletions {
    private var times: [[UInt8]: UInt64] = [:]
    /// Of names that are not remembered any more.
    private var lastForgotten: UInt64 = 0

    /// Beyond that, all names count as deleted when the last of them was.
    static let limit = 10_000

    /// Notes that a user was deleted just now.
    mutating func note(_ name: String, at time: UInt64 = SystemCall.preciseNanoseconds()) {
        if times.count >= Self.limit {
            lastForgotten = times.values.max() ?? lastForgotten
            times.removeAll(keepingCapacity: true)
        }
        times[Array(name.utf8)] = time
    }

    /// Whether a user may be made by a head that came at a time of the monotonic clock.
    func allow(_ name: [UInt8], provenAt arrival: UInt64) -> Bool {
        arrival > max(times[name] ?? 0, lastForgotten)
    }
}
