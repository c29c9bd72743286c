import Testing

@testable import apus

@Suite struct AgeTests {
    @Test(
        arguments: [
            ("30d", 2_592_000_000), ("1d2h3m4s", 93_784_000), ("1.5h", 5_400_000), ("0s", 0), ("2m", 120_000),
        ] as [(String, Int64)]
    )
    func `an age is days, hours, minutes and seconds in this order`(text: String, milliseconds: Int64) {
        #expect(Age(argument: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: ["", "30", "d", "1s1d", "1w", "-1d", "1..5d", "1e3d", "nan s", "99999999999d", "1d "])
    func `anything else is none`(text: String) {
        #expect(Age(argument: text) == nil)
    }
}
