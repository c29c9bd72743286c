import Coding
import Glibc

/// The `Date` field, formatted once per second; owned by one loop.
struct DateLine {
    private var second = time_t.min
    private var bytes: [UInt8] = []

    /// `Date: …` with its line end.
    mutating func line() -> [UInt8] {
        let now = time(nil)
        if now != second {
            second = now
            bytes = [UInt8]("Date: \(HTTPDate.text(Int64(now)))\r\n".utf8)
        }
        return bytes
    }
}
