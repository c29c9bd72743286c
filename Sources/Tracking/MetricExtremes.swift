/// A value of a metric, and the step at which it was logged.
package struct MetricExtreme: Sendable, Equatable {
    package var value: Double
    package var step: Int64

    package init(value: Double, step: Int64) {
        self.value = value
        self.step = step
    }
}

/// The least and the greatest value of a metric, each with the lowest step at which it was logged; NaN is ignored.
package struct MetricExtremes: Sendable, Equatable {
    package private(set) var minimum: MetricExtreme
    package private(set) var maximum: MetricExtreme

    package init(minimum: MetricExtreme, maximum: MetricExtreme) {
        self.minimum = minimum
        self.maximum = maximum
    }

    /// The extremes of a single point; nil for NaN.
    init?(_ point: MetricPoint) {
        guard point.isNumber else { return nil }
        let only = MetricExtreme(value: point.value, step: point.step)
        self.init(minimum: only, maximum: only)
    }

    /// Updates the extremes for another point.
    mutating func add(_ point: MetricPoint) {
        guard point.isNumber else { return }
        let new = MetricExtreme(value: point.value, step: point.step)
        if new.value < minimum.value || (new.value == minimum.value && new.step < minimum.step) { minimum = new }
        if new.value > maximum.value || (new.value == maximum.value && new.step < maximum.step) { maximum = new }
    }
}
