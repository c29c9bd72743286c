import Glibc

/// Random numbers that come again with the same seed (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// Starts the sequence of a seed; a test prints the seed.
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

/// The seed of a test, printed beside what fails: APUS_TEST_SEED where it is set, else always the same.
///
/// Every run of a checkout judges the same worlds; new ones are sought by setting the variable.
package func testSeed(_ test: String = #function) -> UInt64 {
    let given = getenv("APUS_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = given ?? 20_261_128
    print("APUS_TEST_SEED=\(seed) in \(test)")
    return seed
}
