import Glibc

/// The `Date` field, formatted once per second (RFC 9110 §5.6.7).
///
/// Owned by one loop.
struct DateCache {
    private var second = time_t.min
    private var line: [UInt8] = []

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Date: …` with its line end.
    mutating func field() -> [UInt8] {
        var now = time(nil)
        if now == second { return line }
        second = now
        var parts = tm()
        gmtime_r(&now, &parts)
        let day = Self.days[Int(parts.tm_wday) % 7]
        let month = Self.months[Int(parts.tm_mon) % 12]
        let date = "\(Self.two(parts.tm_mday)) \(month) \(Int(parts.tm_year) + 1_900)"
        let clock = "\(Self.two(parts.tm_hour)):\(Self.two(parts.tm_min)):\(Self.two(parts.tm_sec))"
        line = [UInt8]("Date: \(day), \(date) \(clock) GMT\r\n".utf8)
        return line
    }

    private static func two(_ number: Int32) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
