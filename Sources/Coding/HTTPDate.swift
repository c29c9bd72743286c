internal import Glibc

private let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
private let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/// Formats and parses the dates of HTTP (RFC 9110 §5.6.7).
package enum HTTPDate {
    /// Formats a time as in `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// - Parameter seconds: the time in seconds since 1970.
    package static func text(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        // The time of a file may be so far in the future that adding 1900 in 32 bits would overflow.
        let year = Int(parts.tm_year) + 1900
        return "\(days[Int(parts.tm_wday)]), \(twoDigits(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(year) "
            + "\(twoDigits(parts.tm_hour)):\(twoDigits(parts.tm_min)):\(twoDigits(parts.tm_sec)) GMT"
    }

    /// Parses a date, and returns it in seconds since 1970; nil for any other text.
    ///
    /// The three forms are `Sun, 06 Nov 1994 08:49:37 GMT`, which all current clients send, `Sunday, 06-Nov-94 08:49:37
    /// GMT` and `Sun Nov  6 08:49:37 1994`.
    package static func seconds(_ text: String) -> Int64? {
        let words = text.split { " ,-".contains($0) }
        switch words.count {
        case 6 where words[5] == "GMT": return seconds(day: words[1], month: words[2], year: words[3], clock: words[4])
        case 5: return seconds(day: words[2], month: words[1], year: words[4], clock: words[3])
        default: return nil
        }
    }

    private static func seconds(day: Substring, month: Substring, year: Substring, clock: Substring) -> Int64? {
        let times = clock.split(separator: ":", omittingEmptySubsequences: false).map { number($0) }
        guard let month = months.firstIndex(of: String(month)), let day = number(day), let year = fullYear(year),
            (1...31).contains(day), times.count == 3, let hour = times[0], let minute = times[1], let second = times[2],
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var parts = tm()
        parts.tm_mday = day
        parts.tm_mon = Int32(month)
        parts.tm_year = year - 1900
        parts.tm_hour = hour
        parts.tm_min = minute
        parts.tm_sec = second
        return Int64(timegm(&parts))
    }

    /// The year for four digits, or for two, which mean a year from 1950 to 2049; nil for any other text.
    private static func fullYear(_ text: Substring) -> Int32? {
        guard let year = number(text) else { return nil }
        if text.utf8.count == 2 { return year + (year < 50 ? 2000 : 1900) }
        return text.utf8.count == 4 ? year : nil
    }

    private static func number(_ text: Substring) -> Int32? {
        let isNumber = (1...4).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber ? Int32(text) : nil
    }
}
