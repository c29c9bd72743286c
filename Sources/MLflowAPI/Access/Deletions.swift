internal import HTTPWire

/// The times at which users were deleted, so that requests that arrived before do not create the users again.
///
/// Only one thread at a time may use a value.
struct Deletions {
    private var times: [[UInt8]: UInt64] = [:]
    /// The time of the latest deletion among the names that are no longer remembered.
    private var lastForgotten: UInt64 = 0

    /// The largest number of names that are remembered.
    ///
    /// If there are more, all are forgotten, and every name counts as deleted at the time of the latest deletion among them.
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
    func allowsCreation(of name: [UInt8], identifiedAt arrival: UInt64) -> Bool {
        arrival > max(times[name] ?? 0, lastForgotten)
    }
}
