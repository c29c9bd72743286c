internal import Glibc

/// Returns the current time in Unix milliseconds.
func unixMilliseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
}

/// Formats Unix milliseconds as messages show them.
enum UnixTime {
    /// A time to the minute, such as `2026-11-29 08:00Z`.
    static func text(_ milliseconds: Int64) -> String {
        guard let parts = parts(milliseconds) else { return "\(milliseconds)" }
        return "\(parts.day) \(parts.minute)Z"
    }

    /// A time to the millisecond, such as `2026-11-29T08:00:05.120Z`.
    static func exact(_ milliseconds: Int64) -> String {
        guard let parts = parts(milliseconds) else { return "\(milliseconds)" }
        let rest = String(milliseconds % 1_000)
        return "\(parts.day)T\(parts.minute):\(parts.second)." + String(repeating: "0", count: 3 - rest.utf8.count)
            + rest + "Z"
    }

    private static func parts(_ milliseconds: Int64) -> (day: String, minute: String, second: String)? {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        guard milliseconds >= 0, gmtime_r(&seconds, &parts) != nil else { return nil }
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        let day = "\(parts.tm_year + 1_900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return (day, "\(two(parts.tm_hour)):\(two(parts.tm_min))", two(parts.tm_sec))
    }
}
