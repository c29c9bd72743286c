import Testing

@testable import apus

@Suite struct PointInTimeTests {
    @Test(
        arguments: [
            ("1700000000000", 1_700_000_000_000), ("2026-11-29", 1_795_910_400_000),
            ("2026-11-29T03:06", 1_795_921_560_000),
            ("2026-11-29T03:06:30Z", 1_795_921_590_000), ("2026-11-29 03:06+02:00", 1_795_914_360_000),
            ("2026-11-29T03:06-01:30", 1_795_926_960_000),
        ] as [(String, Int64)]
    )
    func `days and times of day are read, in UTC or with an offset`(text: String, expected: Int64) {
        #expect(PointInTime(argument: text)?.milliseconds == expected)
    }

    @Test(arguments: [
        "yesterday", "2026-13-01", "2026-02-31", "2026-11-29T", "2026-11-29T25:00", "2026-11-29T03:06+2", "",
    ])
    func `what is no time is refused`(text: String) {
        #expect(PointInTime(argument: text) == nil)
    }
}
