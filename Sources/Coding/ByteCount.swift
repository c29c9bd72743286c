/// Numbers of bytes for people.
package enum ByteCount {
    private static let units = ["KiB", "MiB", "GiB", "TiB"]

    /// Returns a text such as `226.8 GiB`; fewer than 1,024 bytes are written in full, such as `42 bytes`.
    package static func text(_ bytes: Int64) -> String {
        guard bytes >= 1_024 else { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
        var (amount, unit) = (Double(bytes) / 1_024, 0)
        while amount >= 1_024, unit + 1 < units.count { (amount, unit) = (amount / 1_024, unit + 1) }
        let tenths = Int64((amount * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
