/// Comparison of secrets.
package enum ConstantTime {
    /// Whether two values are equal; takes the same time wherever the first difference is.
    ///
    /// Only the lengths may show in the time.
    package static func areEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard first.count == second.count else { return false }
        return zip(first, second).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
