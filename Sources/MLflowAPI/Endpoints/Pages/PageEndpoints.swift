internal import Filter
internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    /// Calls of Apus's own pages, which MLflow does not have; `docs/own-calls.md` describes them.
    var pageEndpoints: [[Endpoint]] {
        [
            endpoint(.post, .apus, "runs/table", .search(.experiments), pages: .runTable, searchRunTable),
            endpoint(.post, .apus, "runs/columns", .search(.experiments), describeRunColumns),
            endpoint(.post, .apus, "metrics/curves", .search(.runs("run_ids")), getMetricCurves),
        ]
    }
}

extension RequestMessage {
    /// Reads the parameters of a run search by the names that `runs/search` uses; the search has the default order.
    func runSearch(maxResults: Int) throws -> RunSearch {
        RunSearch(
            experimentIDs: try (strings("experiment_ids") ?? []).map { try parseExperimentID($0) },
            viewType: try enumeration("run_view_type", as: ViewType.self) ?? .activeOnly,
            filter: try parseFilter(try string("filter") ?? "", for: .runs),
            orderings: [],
            maxResults: maxResults,
            pageToken: nil
        )
    }

    /// Reads a whole number within bounds; returns `defaultValue` if the parameter is absent.
    func integer(
        _ name: String,
        in bounds: ClosedRange<Int64>,
        default defaultValue: Int64
    ) throws(TrackingError) -> Int {
        let number = try integer(name) ?? defaultValue
        guard bounds.contains(number) else {
            throw .invalidParameter(
                "Invalid value \(number) for parameter '\(name)' supplied. It must be from \(bounds.lowerBound) to "
                    + "\(bounds.upperBound)."
            )
        }
        return Int(number)
    }
}

extension JSONWriter {
    /// Writes a value of a metric.
    ///
    /// The store contains the largest finite number instead of an infinity; this function writes it as an infinity.
    mutating func metricNumber(_ value: Double) {
        let isInfinite = value.magnitude == .greatestFiniteMagnitude
        double(isInfinite ? (value > 0 ? .infinity : -.infinity) : value)
    }
}
