import Testing

@testable import apus

@Suite struct DurationArgumentTests {
    @Test(arguments: [
        ("60s", Duration.seconds(60)), ("60", .seconds(60)), ("1.5s", .milliseconds(1_500)), ("2m", .seconds(120)),
        ("500ms", .milliseconds(500)), ("1h", .seconds(3_600)), ("0", .zero),
    ])
    func `a time is read as people write it`(text: String, duration: Duration) {
        #expect(DurationArgument(argument: text)?.duration == duration)
    }

    @Test(arguments: ["", "s", "soon", "-1s", "25h", "nan", "inf", "1 s x"])
    func `what is no time is refused`(text: String) {
        #expect(DurationArgument(argument: text) == nil)
    }
}
