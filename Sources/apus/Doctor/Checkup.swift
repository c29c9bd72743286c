internal import Glibc
internal import HTTPClient

/// One line of the report.
struct CheckedStep: Sendable {
    let name: String
    let time: Duration
    /// What was found, or what went wrong.
    let detail: String?
    /// What to do; nil when the step is fine.
    let advice: String?

    var isFine: Bool { advice == nil }
}

/// Does what a training run does, once, and tells of each step as it ends.
struct Checkup {
    let calls: TrackingCalls
    let timeout: Duration
    /// How long a server may take until it first answers.
    let patience: Duration
    /// Called after each step, on the caller's thread.
    let report: (CheckedStep) -> Void

    /// Goes through the steps and stops at the first that fails; a run that was created is deleted all the same.
    func run() {
        guard waitForHealth(),
            let experiment = perform(
                "experiment",
                { deadline throws(CheckFailure) in try calls.experiment(by: deadline) },
                detail: describe
            ),
            let runID = perform(
                "create-run",
                { deadline throws(CheckFailure) in try calls.createRun(experimentID: experiment.id, by: deadline) }
            )
        else { return }
        let steps: [(name: String, action: (String, Deadline) throws(CheckFailure) -> Void)] = [
            ("log-metric", calls.logMetric), ("read-metric", calls.readMetric), ("end-run", calls.endRun),
        ]
        for step in steps {
            let result: Void? = perform(step.name) { deadline throws(CheckFailure) in try step.action(runID, deadline) }
            if result == nil { break }
        }
        _ = perform("delete-run") { deadline throws(CheckFailure) in try calls.deleteRun(runID: runID, by: deadline) }
    }

    /// Asks for the health until the server is well or the time to wait is over; only the last answer is reported.
    private func waitForHealth() -> Bool {
        let begin = ContinuousClock.now
        var pause = Duration.milliseconds(50)
        while true {
            let start = ContinuousClock.now
            let waited = start - begin
            let outcome = Result { () throws(CheckFailure) in try calls.checkHealth(by: Deadline(after: timeout)) }
            let left = patience - (ContinuousClock.now - begin)
            if case .failure = outcome, left > .zero {
                // The last try is at the end of the time.
                min(pause, left).sleep()
                pause = min(pause * 2, .seconds(1))
                continue
            }
            let detail = patience > .zero ? "after \(waited.secondText) s of waiting" : nil
            let result: Void? = perform(
                "health",
                from: start,
                { _ throws(CheckFailure) in try outcome.get() },
                detail: { detail }
            )
            return result != nil
        }
    }

    private func describe(_ experiment: (id: String, isNew: Bool)) -> String {
        let id = calls.client.credentials.redacted(experiment.id).printable(limit: 40)
        return experiment.isNew ? "created, id \(id)" : "found, id \(id)"
    }

    /// Times one step and reports it; nil if it failed.
    private func perform<Value>(
        _ name: String,
        from start: ContinuousClock.Instant = .now,
        _ action: (Deadline) throws(CheckFailure) -> Value,
        detail: (Value) -> String? = { _ in nil }
    ) -> Value? {
        do throws(CheckFailure) {
            let value = try action(Deadline(after: timeout))
            report(CheckedStep(name: name, time: .now - start, detail: detail(value), advice: nil))
            return value
        } catch {
            let time = ContinuousClock.now - start
            let diagnosis = Diagnosis(of: error, calls: calls, timeout: timeout)
            report(CheckedStep(name: name, time: time, detail: diagnosis.detail, advice: diagnosis.advice))
            return nil
        }
    }
}

extension Duration {
    /// Seconds with one decimal.
    fileprivate var secondText: String {
        let tenths = Int64((self / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// Blocks the calling thread for this time.
    fileprivate func sleep() {
        usleep(UInt32(clamping: Int64(self / .microseconds(1))))
    }
}
