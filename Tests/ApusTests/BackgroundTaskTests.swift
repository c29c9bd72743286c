import Dispatch
import Logging
import Synchronization
import Testing

@testable import apus

@Suite struct BackgroundTaskTests {
    private struct Fault: Error {}

    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func `it counts its runs and failures, and goes on after a failure`() {
        let runs = Atomic<Int>(0)
        let work = BackgroundTask("test", logger) { _ in
            if runs.add(1, ordering: .relaxed).oldValue == 0 { throw Fault() }
        }
        work.run()
        work.wait(atMost: .seconds(10))
        #expect((work.report.runs, work.report.failures, work.report.lastFailed) == (1, 1, true))
        work.run()
        work.wait(atMost: .seconds(10))
        #expect((work.report.runs, work.report.failures, work.report.lastFailed) == (2, 1, false))
    }

    @Test func `it runs again after its interval until it is ended`() {
        let runs = DispatchSemaphore(value: 0)
        let work = BackgroundTask("test", every: .milliseconds(1), logger) { _ in runs.signal() }
        work.run()
        for _ in 0..<3 { #expect(runs.wait(timeout: .now() + .seconds(10)) == .success) }
        BackgroundTask.end([work], atMost: .seconds(10))
        let ended = work.report.runs
        work.run()
        work.wait(atMost: .seconds(10))
        #expect(ended >= 3)
        #expect(work.report.runs == ended)
    }

    @Test func `an end waits for a run under way, but no longer than its limit`() {
        let gate = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        let work = BackgroundTask("test", logger) { _ in
            started.signal()
            gate.wait()
        }
        work.run()
        started.wait()
        BackgroundTask.end([work], atMost: .milliseconds(1))
        #expect(work.report.runs == 0)
        gate.signal()
        BackgroundTask.end([work], atMost: .seconds(10))
        #expect(work.report.runs == 1)
    }
}
