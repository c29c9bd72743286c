/// Comparison of secrets.
package enum ConstantTime {
    /// Whether two values are equal; the time that this takes depends only on their lengths.
    package static func areEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard first.count == second.count else { return false }
        return zip(first, second).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
