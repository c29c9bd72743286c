/// The decoded form of the opaque `MetricCurve.position`: the points of a metric that a client already has.
package struct CurvePosition: Sendable {
    package let pointCount: Int64
    /// The sort values of the last of these points, as in a page token of the history.
    package let sortValues: [SortValue]

    /// Reads the position that an earlier answer contained; nil without one.
    ///
    /// - Throws: `.invalidParameterValue` for a text that is not a position in a curve of this metric.
    package init?(_ text: String?, of history: MetricHistory) throws(TrackingError) {
        guard let text, !text.isEmpty else { return nil }
        guard let start = try? PageToken.parse(text, digest: history.curveDigest, termCount: 5),
            case .after(let values) = start, case .integer(let count) = values[0], count >= 0
        else { throw Self.refusal }
        pointCount = count
        sortValues = Array(values.dropFirst())
    }

    /// Returns the position after all points of a metric.
    ///
    /// - Parameter last: the last point in the order of the history.
    package static func text(after last: MetricPoint, pointCount: Int64, of history: MetricHistory) -> String {
        PageToken.make(after: [.integer(pointCount)] + last.sortValues, digest: history.curveDigest)
    }

    /// The error for every kind of invalid position, because the remedy is always the same.
    private static var refusal: TrackingError {
        .invalidParameter(
            "Invalid value for parameter 'after' supplied. Each position must come from an earlier answer for the same "
                + "run and key; leave 'after' out to get the whole curve."
        )
    }
}
