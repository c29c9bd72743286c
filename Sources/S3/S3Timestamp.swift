internal import Glibc

/// A time in the form that signatures use (ISO 8601 basic format, UTC), and a parser for the times in answers.
struct S3Timestamp {
    /// The time as text, such as `20130524T000000Z`.
    let text: String
    /// The day as text, such as `20130524`.
    var day: Substring { text.prefix(8) }

    /// - Parameter seconds: the time in Unix seconds.
    init(_ seconds: Int64) {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        text =
            "\(parts.tm_year + 1900)\(twoDigits(parts.tm_mon + 1))\(twoDigits(parts.tm_mday))"
            + "T\(twoDigits(parts.tm_hour))\(twoDigits(parts.tm_min))\(twoDigits(parts.tm_sec))Z"
    }

    /// Parses a time such as `2013-05-24T00:00:00.000Z`.
    ///
    /// - Returns: the time in Unix seconds without the fraction; nil for any other text.
    static func seconds(_ text: String) -> Int64? {
        let digits = text.split { !$0.isASCII || !$0.isNumber }.map { Int32($0) }
        guard text.hasSuffix("Z"), digits.count >= 6, let year = digits[0], let month = digits[1], let day = digits[2],
            let hour = digits[3], let minute = digits[4], let second = digits[5]
        else { return nil }
        var parts = tm()
        parts.tm_year = year - 1900
        parts.tm_mon = month - 1
        parts.tm_mday = day
        parts.tm_hour = hour
        parts.tm_min = minute
        parts.tm_sec = second
        return Int64(timegm(&parts))
    }
}
