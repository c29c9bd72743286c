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
        let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
        return "\(parts.day)T\(parts.minute):\(parts.second).\(fraction)Z"
    }

    private static func parts(_ milliseconds: Int64) -> (day: String, minute: String, second: String)? {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        guard milliseconds >= 0, gmtime_r(&seconds, &parts) != nil else { return nil }
        func twoDigits(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        let day = "\(parts.tm_year + 1_900)-\(twoDigits(parts.tm_mon + 1))-\(twoDigits(parts.tm_mday))"
        return (day, "\(twoDigits(parts.tm_hour)):\(twoDigits(parts.tm_min))", twoDigits(parts.tm_sec))
    }
}
