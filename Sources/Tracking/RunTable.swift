/// One column of a run table.
package enum RunTableColumn: Sendable, Hashable {
    /// The value of a metric that a column shows.
    package enum Measure: Sendable, Hashable {
        /// The value that `runs/search` shows: that of the highest step.
        case last
        case minimum
        case maximum
        /// The value of the latest point at a step.
        case step(Int64)
    }

    case metric(String, Measure)
    case param(String)
    case tag(String)
}

/// The value of a run in one column of a table.
package enum RunTableValue: Sendable, Equatable {
    case missing
    /// The value of a metric; may be NaN. An infinity is stored and shown as the largest finite number with the same sign.
    case number(Double)
    case extreme(MetricExtreme)
    case text(String)
}

/// A run as a table shows it.
package struct RunTableRow: Sendable {
    package var runID: String
    package var name: String
    package var experimentID: Int64
    package var userID: String
    package var status: RunStatus
    package var lifecycleStage: LifecycleStage
    /// Unix milliseconds, like all times of the row.
    package var startTime: Int64
    package var endTime: Int64?
    /// The parent of the run, from its tag `mlflow.parentRunId`.
    package var parentRunID: String?
    /// The newest time among the latest points of the run's metrics; nil unless the run is running.
    package var lastLogged: Int64?
    /// The values of the run, one for each column of the table.
    package var values: [RunTableValue]

    package init(
        runID: String,
        name: String,
        experimentID: Int64,
        userID: String,
        status: RunStatus,
        lifecycleStage: LifecycleStage,
        startTime: Int64,
        values: [RunTableValue]
    ) {
        self.runID = runID
        self.name = name
        self.experimentID = experimentID
        self.userID = userID
        self.status = status
        self.lifecycleStage = lifecycleStage
        self.startTime = startTime
        self.values = values
    }
}

extension StringProtocol {
    /// Whether the text is a decimal number, such as `-0.5` or `1e-3`; NaN and the infinities are not.
    package var isDecimalNumber: Bool {
        var bytes = Array(utf8)[...]
        func skipDigits() -> Int {
            let count = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            bytes = bytes.dropFirst(count)
            return count
        }
        func skipSign() {
            if bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") { bytes = bytes.dropFirst() }
        }
        skipSign()
        var digits = skipDigits()
        if bytes.first == UInt8(ascii: ".") {
            bytes = bytes.dropFirst()
            digits += skipDigits()
        }
        guard digits > 0 else { return false }
        if let letter = bytes.first, letter | 0x20 == UInt8(ascii: "e") {
            bytes = bytes.dropFirst()
            skipSign()
            guard skipDigits() > 0 else { return false }
        }
        return bytes.isEmpty
    }
}
