import Glibc

/// A random number generator with a reproducible sequence for each seed (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// Starts the sequence of a seed, which the test prints.
    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The seed of a test, printed with its failures: APUS_TEST_SEED if set, otherwise a fixed one.
///
/// All runs of a checkout thus use the same random data, unless the variable is set.
package func testSeed(_ test: String = #function) -> UInt64 {
    let given = getenv("APUS_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = given ?? 20_261_128
    print("APUS_TEST_SEED=\(seed) in \(test)")
    return seed
}
