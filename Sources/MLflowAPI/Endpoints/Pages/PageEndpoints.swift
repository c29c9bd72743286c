internal import Filter
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// The calls that only Apus has and that its pages make; `docs/own-calls.md` describes them.
    var pageEndpoints: [[Endpoint]] {
        [
            endpoint(.post, .apus, "runs/table", .search(.experiments), pages: .runTable, searchRunTable),
            endpoint(.post, .apus, "runs/columns", .search(.experiments), describeRunColumns),
            endpoint(.post, .apus, "metrics/curves", .search(.runs("run_ids")), getMetricCurves),
        ]
    }
}

extension RequestMessage {
    /// A search for runs by the parameters that `runs/search` takes too, in its default order.
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

    /// A whole number within bounds; the standard if it is absent.
    func integer(_ name: String, in bounds: ClosedRange<Int64>, standard: Int64) throws(TrackingError) -> Int {
        let number = try integer(name) ?? standard
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
    /// The store holds an infinity as the largest finite number, which becomes infinite again.
    mutating func metricNumber(_ value: Double) {
        if value.magnitude == .greatestFiniteMagnitude {
            double(value > 0 ? .infinity : -.infinity)
        } else {
            double(value)
        }
    }
}
