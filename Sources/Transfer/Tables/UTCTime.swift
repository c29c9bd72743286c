internal import Glibc

enum UTCTime {
    /// Writes a time in the form `2025-11-28T17:03:09.120Z`.
    ///
    /// - Parameter milliseconds: milliseconds since 1970.
    static func text(_ milliseconds: Int64) -> String {
        // The milliseconds of times before 1970 are positive too, although `%` may return a negative remainder.
        let rest = (milliseconds % 1_000 + 1_000) % 1_000
        var seconds = Int((milliseconds - rest) / 1_000)
        var date = tm()
        gmtime_r(&seconds, &date)
        let day = [padded(Int(date.tm_year) + 1_900, 4), padded(Int(date.tm_mon) + 1, 2), padded(Int(date.tm_mday), 2)]
        let time = [date.tm_hour, date.tm_min, date.tm_sec].map { padded(Int($0), 2) }
        return "\(day.joined(separator: "-"))T\(time.joined(separator: ":")).\(padded(Int(rest), 3))Z"
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
    }
}
