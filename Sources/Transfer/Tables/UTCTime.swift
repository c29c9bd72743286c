internal import Glibc

enum UTCTime {
    /// Writes a time in the form `2025-11-28T17:03:09.120Z`.
    ///
    /// - Parameter milliseconds: milliseconds since 1970.
    static func text(_ milliseconds: Int64) -> String {
        var (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1_000)
        // The milliseconds of times before 1970 are positive too.
        if rest < 0 { (seconds, rest) = (seconds - 1, rest + 1_000) }
        var second = Int(seconds)
        var date = tm()
        gmtime_r(&second, &date)
        let day = [padded(Int(date.tm_year) + 1_900, 4), padded(Int(date.tm_mon) + 1, 2), padded(Int(date.tm_mday), 2)]
        let time = [date.tm_hour, date.tm_min, date.tm_sec].map { padded(Int($0), 2) }
        return "\(day.joined(separator: "-"))T\(time.joined(separator: ":")).\(padded(Int(rest), 3))Z"
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
    }
}
