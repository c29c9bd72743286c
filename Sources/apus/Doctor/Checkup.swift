internal import Coding
internal import Glibc
internal import HTTPClient
internal import MLflowClient

/// A step of the check-up and its result, which the report shows as one line.
struct CheckedStep: Sendable {
    let name: String
    let time: Duration
    /// The result of the step, or the reason for its failure.
    let detail: String?
    /// The advice to the user; nil if the step succeeded.
    let advice: String?

    var succeeded: Bool { advice == nil }
}

/// Performs the calls of a training run once and reports each step when it ends.
struct Checkup {
    let calls: TrackingCalls
    /// How long each step may take.
    let timeout: Duration
    /// How long to wait for the first answer of the server.
    let firstAnswerTime: Duration
    /// Called after each step, on the caller's thread.
    let report: (CheckedStep) -> Void

    /// Performs the steps and stops at the first failure.
    ///
    /// A run that was created is deleted even after a failure.
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
            ("log-metric", calls.logMetric), ("read-metric", calls.readMetric),
            ("artifact", calls.logArtifact), ("end-run", calls.endRun),
        ]
        for step in steps {
            let result: Void? = perform(step.name) { deadline throws(CheckFailure) in try step.action(runID, deadline) }
            if result == nil { break }
        }
        _ = perform("delete-run") { deadline throws(CheckFailure) in try calls.deleteRun(runID: runID, by: deadline) }
    }

    /// Calls the health route until the server is healthy or the time to wait is over; reports only the last answer.
    /// - Returns: whether the server is healthy.
    func waitForHealth() -> Bool {
        let begin = ContinuousClock.now
        var pause = Duration.milliseconds(50)
        while true {
            let start = ContinuousClock.now
            let waited = start - begin
            let outcome = Result { () throws(CheckFailure) in try calls.checkHealth(by: Deadline(after: timeout)) }
            let remaining = firstAnswerTime - (ContinuousClock.now - begin)
            if case .failure = outcome, remaining > .zero {
                // The last pause is shorter, so that the last attempt is made exactly at the end of the time.
                sleepFor(min(pause, remaining))
                pause = min(pause * 2, .seconds(1))
                continue
            }
            let detail = firstAnswerTime > .zero ? "after \(waited.secondText) s of waiting" : nil
            let check = { (_: Deadline) throws(CheckFailure) in try outcome.get() }
            return perform("health", from: start, check, detail: { detail }) != nil
        }
    }

    private func describe(_ experiment: (id: String, isNew: Bool)) -> String {
        let id = calls.connection.credentials.redacted(experiment.id).printable(limit: 40)
        return experiment.isNew ? "created, id \(id)" : "found, id \(id)"
    }

    /// Performs one step, measures its time and reports it; returns nil if it failed.
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
}
