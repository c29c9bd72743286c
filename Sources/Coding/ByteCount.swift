/// Numbers of bytes for people.
package enum ByteCount {
    private static let units = ["KiB", "MiB", "GiB", "TiB"]

    /// Such as `226.8 GiB`, and `42 bytes` where that is all.
    package static func text(_ bytes: Int64) -> String {
        guard bytes >= 1_024 else { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
        var (amount, unit) = (Double(bytes) / 1_024, 0)
        while amount >= 1_024, unit + 1 < units.count { (amount, unit) = (amount / 1_024, unit + 1) }
        let tenths = Int64((amount * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
