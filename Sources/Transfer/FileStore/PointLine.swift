internal import Tracking

/// A line of a metric's file: `time value [step] [run] [dataset digest]`.
struct PointLine {
    let timestamp: Int64
    let value: Double
    let step: Int64
    /// The id of the run that logged a point of a logged model; empty for the points of runs.
    let runID: String
    /// The dataset of a logged model's point; nil if the line names none.
    let dataset: MetricDataset?

    /// Parses a line; nil for a line in another form.
    ///
    /// - Parameter hasRun: whether the line must have the id of a run as its fourth word.
    init?(_ line: UnsafeRawBufferPointer, hasRun: Bool = false) {
        guard let text = String(validating: line, as: UTF8.self) else { return nil }
        let words = text.utf8.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }).map { Substring($0) }
        guard words.count >= 2, let timestamp = Int64(words[0]), let value = Double(words[1]) else { return nil }
        self.timestamp = timestamp
        self.value = value
        guard words.count > 2 else {
            guard !hasRun else { return nil }
            (step, runID, dataset) = (0, "", nil)
            return
        }
        guard let step = Int64(words[2]) else { return nil }
        self.step = step
        var rest = words[3...]
        if hasRun {
            guard let run = rest.popFirst() else { return nil }
            runID = String(run)
        } else {
            runID = ""
        }
        // The name of a dataset may contain spaces.
        guard rest.count >= 2, let digest = rest.popLast() else {
            dataset = nil
            return
        }
        dataset = MetricDataset(name: rest.joined(separator: " "), digest: String(digest))
    }

    func metric(_ key: String) -> Metric { Metric(key: key, value: value, timestamp: timestamp, step: step) }
}
