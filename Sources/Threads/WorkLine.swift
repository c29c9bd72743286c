/// A queue of work, first in, first out.
struct WorkLine {
    private var waiting: [@Sendable () -> Void] = []
    /// The index in `waiting` of the next piece; earlier pieces have already been returned by `take`.
    private var next = 0

    var count: Int { waiting.count - next }

    mutating func append(_ work: @escaping @Sendable () -> Void) { waiting.append(work) }

    mutating func take() -> (@Sendable () -> Void)? {
        guard next < waiting.count else { return nil }
        let work = waiting[next]
        next += 1
        if next == waiting.count || next >= 1_024 {
            waiting.removeFirst(next)
            next = 0
        }
        return work
    }
}
