import Testing
import Tracking
import TrackingStore

@testable import Forwarding

@Suite struct SeriesProgressTests {
    private func points(_ steps: ClosedRange<Int64>) -> [MetricPoint] {
        steps.map { MetricPoint(value: 0.5, isNaN: false, timestamp: $0, step: $0) }
    }

    private func series(count: Int64) -> ForwardedSeries {
        ForwardedSeries(keyID: 1, key: "loss", count: count)
    }

    @Test func `A metric is whole when its last point was sent`() {
        var series = series(count: 10)
        series.advance(by: points(1...10), count: 10, isAtEnd: true, mayRestart: true)
        #expect(series.sentCount == 10)
        #expect(series.last?.step == 10)
    }

    @Test func `A part of a metric is remembered by its last point`() {
        var series = series(count: 10)
        series.advance(by: points(1...4), count: 10, isAtEnd: false, mayRestart: true)
        #expect(series.sentCount == 4)
        #expect(series.last?.step == 4)
    }

    @Test func `A metric with a point that came late is sent again from its beginning`() {
        var series = series(count: 11)
        series.sentCount = 10
        series.last = points(10...10).first
        series.advance(by: [], count: 11, isAtEnd: true, mayRestart: true)
        #expect(series.sentCount == 0)
        #expect(series.last == nil)
    }

    @Test func `A late point waits where a metric may not be sent again yet`() {
        var series = series(count: 12)
        series.sentCount = 10
        series.last = points(10...10).first
        series.advance(by: points(11...11), count: 12, isAtEnd: true, mayRestart: false)
        #expect(series.sentCount == 11)
        #expect(series.last?.step == 11)
    }
}

@Suite struct BackOffTests {
    @Test func `Pauses grow to a minute and end with a success`() throws {
        var backOff = BackOff()
        let now = ContinuousClock.now
        #expect(backOff.isDue(at: now))
        var pauses: [Duration] = []
        for _ in 0..<8 {
            backOff.fail(at: now, requested: nil, jitter: 0)
            pauses.append(try #require(backOff.nextTry) - now)
        }
        #expect(pauses.map(\.components.seconds) == [1, 2, 4, 8, 16, 32, 60, 60])
        #expect(!backOff.isDue(at: now))
        #expect(backOff.isDue(at: now + .seconds(60)))
        backOff.succeed()
        #expect(backOff.isDue(at: now))
    }

    @Test func `A server's own pause is respected and bounded`() throws {
        var backOff = BackOff()
        let now = ContinuousClock.now
        backOff.fail(at: now, requested: .seconds(90), jitter: 1)
        #expect(try #require(backOff.nextTry) - now == .seconds(90))
        backOff.fail(at: now, requested: .seconds(86_400), jitter: 1)
        #expect(try #require(backOff.nextTry) - now == .seconds(600))
    }
}

@Suite struct UpstreamFailureTests {
    private func kind(_ status: Int, _ code: String = "", pause: Duration? = nil) -> UpstreamFailure.Kind? {
        UpstreamFailure(status: status, code: code, message: "", pause: pause)?.kind
    }

    @Test func `Statuses say whether to come again`() {
        #expect(kind(200) == nil)
        #expect(kind(401) == .credentials)
        #expect(kind(429) == .busy)
        #expect(kind(503) == .broken)
        #expect(kind(500) == .broken)
        #expect(kind(400, "INVALID_PARAMETER_VALUE") == .refused)
        #expect(kind(404, "RESOURCE_DOES_NOT_EXIST") == .missing)
    }

    @Test func `A 404 without an error code is a call that the server does not have`() {
        #expect(kind(404) == .unsupported)
        #expect(kind(501, "NOT_IMPLEMENTED") == .unsupported)
    }

    @Test func `A quota is a refusal unless the server says when to come again`() {
        #expect(kind(429, "RESOURCE_EXHAUSTED") == .refused)
        #expect(kind(429, "RESOURCE_EXHAUSTED", pause: .seconds(3)) == .busy)
        #expect(kind(429, "REQUEST_LIMIT_EXCEEDED") == .busy)
    }
}
