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
    /// Called after each step, on the caller's thread.
    let report: (CheckedStep) -> Void

    /// Goes through the steps and stops at the first that fails; a run that was created is deleted all the same.
    func run() {
        guard perform("health", calls.checkHealth) != nil,
            let experiment = perform(
                "experiment",
                { deadline throws(CheckFailure) in try calls.findOrCreateExperiment(by: deadline) },
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

    private func describe(_ experiment: (id: String, isNew: Bool)) -> String {
        let id = calls.client.credentials.redacted(experiment.id).printable(limit: 40)
        return experiment.isNew ? "created, id \(id)" : "found, id \(id)"
    }

    /// Times one step and reports it; nil if it failed.
    private func perform<Value>(
        _ name: String,
        _ action: (Deadline) throws(CheckFailure) -> Value,
        detail: (Value) -> String? = { _ in nil }
    ) -> Value? {
        let start = ContinuousClock.now
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
