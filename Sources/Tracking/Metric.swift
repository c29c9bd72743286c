/// One point of a metric.
package struct Metric: Sendable, Equatable {
    package var key: String
    /// NaN is kept as such here; the store holds it as 0 with a flag.
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

/// One point of a metric's history without its key, which every point of an answer shares.
package struct MetricPoint: Sendable, Equatable {
    /// 0 where `isNaN` is set.
    package var value: Double
    package var isNaN: Bool
    /// Unix milliseconds.
    package var timestamp: Int64
    package var step: Int64

    package init(value: Double, isNaN: Bool, timestamp: Int64, step: Int64) {
        self.value = value
        self.isNaN = isNaN
        self.timestamp = timestamp
        self.step = step
    }

    /// The point as it is stored: NaN becomes 0 with its flag, an infinity the largest finite number of its sign.
    ///
    /// The reference stores the same (`sanitize_metric_value`), and its filters and orderings follow from it.
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

    /// What the client gets to see: NaN where the flag is set.
    package var shownValue: Double { isNaN ? .nan : value }

    /// Whether this point is the newer one by (step, timestamp, value), where NaN counts as 0.
    package func supersedes(_ other: MetricPoint) -> Bool {
        (step, timestamp, value) > (other.step, other.timestamp, other.value)
    }

    /// Whether this point comes after the other both by (timestamp, step) and by (step, timestamp).
    package func follows(_ other: MetricPoint) -> Bool {
        let mine: (Double, Int) = (value, isNaN ? 1 : 0)
        let others: (Double, Int) = (other.value, other.isNaN ? 1 : 0)
        guard timestamp >= other.timestamp, step >= other.step else { return false }
        return timestamp > other.timestamp || step > other.step || mine > others
    }
}
