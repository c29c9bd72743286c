/// One point of a metric.
package struct Metric: Sendable, Equatable {
    package var key: String
    /// The value that the client sent; may be NaN or infinite.
    package var value: Double
    /// Unix milliseconds.
    package var timestamp: Int64
    package var step: Int64

    package init(key: String, value: Double, timestamp: Int64, step: Int64) {
        self.key = key
        self.value = value
        self.timestamp = timestamp
        self.step = step
    }
}

/// One point of a metric's history, as it is stored, without the key.
package struct MetricPoint: Sendable, Equatable {
    /// The value; 0 if `isNaN` is set.
    package var value: Double
    package var isNaN: Bool
    /// Unix milliseconds.
    package var timestamp: Int64
    package var step: Int64

    /// Whether the point has a value that can be compared.
    ///
    /// Another program may have stored NaN without setting `isNaN`.
    package var isNumber: Bool { !isNaN && !value.isNaN }

    package init(value: Double, isNaN: Bool, timestamp: Int64, step: Int64) {
        self.value = value
        self.isNaN = isNaN
        self.timestamp = timestamp
        self.step = step
    }

    /// Converts a metric to the point to store.
    ///
    /// NaN becomes 0 with `isNaN` set, and an infinity becomes the largest finite number with the same sign. MLflow
    /// stores the same values (`sanitize_metric_value`), and its filters and sort orders depend on them.
    package init(_ metric: Metric) {
        isNaN = metric.value.isNaN
        if isNaN {
            value = 0
        } else if metric.value.isInfinite {
            value = metric.value > 0 ? Double.greatestFiniteMagnitude : -Double.greatestFiniteMagnitude
        } else {
            value = metric.value
        }
        timestamp = metric.timestamp
        step = metric.step
    }

    /// The value in answers: NaN if `isNaN` is set.
    package var shownValue: Double { isNaN ? .nan : value }

    /// Whether this point is later than the other by (step, timestamp, value); NaN counts as 0.
    package func supersedes(_ other: MetricPoint) -> Bool {
        (step, timestamp, value) > (other.step, other.timestamp, other.value)
    }

    /// Whether this point sorts after the other both by (timestamp, step, value) and by (step, timestamp, value).
    package func follows(_ other: MetricPoint) -> Bool {
        let mine: (Double, Int) = (value, isNaN ? 1 : 0)
        let others: (Double, Int) = (other.value, other.isNaN ? 1 : 0)
        guard timestamp >= other.timestamp, step >= other.step else { return false }
        return timestamp > other.timestamp || step > other.step || mine > others
    }
}
