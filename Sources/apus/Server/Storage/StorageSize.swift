/// A number of bytes in a setting: `64MB`, `64M`, `64MiB` or `67108864`; units are powers of 1,024.
struct StorageSize {
    let bytes: Int

    private static let units = ["": 1, "K": 1_024, "M": 1_048_576, "G": 1_073_741_824]

    /// Parses a size; nil if the text is not a size.
    init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        var unit = text.dropFirst(digits.count).uppercased()
        for ending in ["IB", "B"] where unit.hasSuffix(ending) {
            unit.removeLast(ending.count)
            break
        }
        guard let number = Int(digits), let factor = Self.units[unit] else { return nil }
        let (product, isTooLarge) = number.multipliedReportingOverflow(by: factor)
        guard !isTooLarge else { return nil }
        bytes = product
    }

    /// The limit of the database's write-ahead log in bytes, from the text of its setting; 64 MiB by default.
    static func logLimit(_ text: String?) throws(StartFailure) -> Int {
        let smallest = 4 * 1_048_576
        guard let size = StorageSize(text ?? "64MB"), size.bytes >= smallest else {
            throw StartFailure("'\(text ?? "")' is not a limit for the database's log; use 4MB or more, such as 64MB.")
        }
        return size.bytes
    }
}
