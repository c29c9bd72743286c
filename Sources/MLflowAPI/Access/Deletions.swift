internal import HTTPWire

/// The times at which users were deleted, so that requests that arrived before do not create the users again.
///
/// Not for use by several threads.
struct Deletions {
    private var times: [[UInt8]: UInt64] = [:]
    /// The last deletion of a name that is not remembered any more.
    private var lastForgotten: UInt64 = 0

    /// The most names that are remembered; beyond it, all names count as deleted when the last of them was.
    static let limit = 10_000

    /// Records that a user was deleted.
    mutating func note(_ name: String, at time: UInt64 = SystemCall.preciseNanoseconds()) {
        if times.count >= Self.limit {
            lastForgotten = times.values.max() ?? lastForgotten
            times.removeAll(keepingCapacity: true)
        }
        times[Array(name.utf8)] = time
    }

    /// Whether a request whose head arrived at a time of the monotonic clock may create a user.
    func allow(_ name: [UInt8], identifiedAt arrival: UInt64) -> Bool {
        arrival > max(times[name] ?? 0, lastForgotten)
    }
}
