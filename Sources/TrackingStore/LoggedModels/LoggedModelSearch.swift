package import Filter
internal import SQLite
package import Tracking

/// The dataset of metrics that count in a search: of a name, of a digest, or of both.
package struct DatasetScope: Sendable, Equatable {
    /// Empty for every name; only an order may leave it out.
    package var name: String
    /// nil for every digest.
    package var digest: String?

    package init(name: String, digest: String?) {
        self.name = name
        self.digest = digest
    }
}

/// What `logged-models/search` asks for.
package struct LoggedModelSearch: Sendable {
    /// One clause of `order_by`; a metric may be looked at on one dataset alone.
    package struct Clause: Sendable {
        package var ordering: Ordering
        /// Of a metric only.
        package var dataset: DatasetScope?

        package init(ordering: Ordering, dataset: DatasetScope?) {
            self.ordering = ordering
            self.dataset = dataset
        }
    }

    /// None: no model is found.
    package var experimentIDs: [Int64]
    package var filter: [Comparison]
    /// None: every metric counts.
    ///
    /// Without a comparison of a metric, models with any metric on one of them are found.
    package var datasets: [DatasetScope]
    package var orderings: [Clause]
    /// 1 to 50,000.
    package var maxResults: Int
    package var pageToken: String?

    package init(
        experimentIDs: [Int64],
        filter: [Comparison],
        datasets: [DatasetScope],
        orderings: [Clause],
        maxResults: Int,
        pageToken: String?
    ) {
        self.experimentIDs = experimentIDs
        self.filter = filter
        self.datasets = datasets
        self.orderings = orderings
        self.maxResults = maxResults
        self.pageToken = pageToken
    }
}

extension ReadSession {
    /// One page of the models that a search finds, in its order, ties by creation time (newest first) and model id.
    ///
    /// Deleted models are never found. A metric is compared with each of its points, and ordered by its latest one.
    /// - Throws: `.invalidParameterValue` for a page token that is none or belongs to another search, for more keys
    ///   than SQLite takes, and for a pattern that is too long.
    package func findLoggedModels(_ search: LoggedModelSearch) throws -> SearchCursor<LoggedModel> { try find(search) }
}

extension LoggedModelSearch {
    /// Tells the page tokens of different searches apart; the page size may change between pages.
    ///
    /// A third of its bits each is of the experiments, the filter and the order.
    var digest: UInt64 {
        var experiments = QueryDigest()
        experiments.add("logged models")
        experiments.add(jsonArray(experimentIDs.sorted()))
        var conditions = QueryDigest()
        conditions.add(filter)
        for scope in datasets { conditions.add(scope) }
        var order = QueryDigest()
        for clause in orderings {
            order.add([clause.ordering])
            if let scope = clause.dataset { order.add(scope) }
        }
        return [experiments, conditions, order].reduce(0) { $0 << Self.bitsOfPart | $1.value % (1 << Self.bitsOfPart) }
    }

    private static let bitsOfPart: UInt64 = 21

    /// The refusal of a token that another search made, in the words that the reference's own tests look for.
    func refusal(ofTokenWith made: UInt64) -> TrackingError {
        let difference = made ^ digest
        let part =
            if difference >> (2 * Self.bitsOfPart) != 0 {
                "Experiment IDs in the page token do"
            } else if difference >> Self.bitsOfPart != 0 {
                "Filter string in the page token does"
            } else {
                "Order by in the page token does"
            }
        return .invalidParameter(
            "\(part) not match the request. Send a token with the same experiment_ids, filter, datasets and order_by as the "
                + "page before, or start again without a token."
        )
    }
}

extension QueryDigest {
    fileprivate mutating func add(_ scope: DatasetScope) {
        add("dataset")
        add(scope.name)
        add(scope.digest ?? "")
    }
}

extension ReadSession {
    /// The row of `metric_datasets` that stands for a scope; nil when no metric was ever logged on it.
    func scopeID(of scope: DatasetScope) throws -> Int64? {
        try connection.metricDatasetID(name: scope.name, digest: scope.digest ?? "")
    }

    /// The datasets that belong to one of the scopes.
    func datasetIDs(in scopes: [DatasetScope]) throws -> [Int64] {
        try scopes.flatMap { scope in
            guard let digest = scope.digest else {
                return try connection.query("SELECT id FROM metric_datasets WHERE name = ?1", scope.name)
                    .map { $0.int64(0) }
            }
            return try connection.metricDatasetID(name: scope.name, digest: digest).map { [$0] } ?? []
        }
    }
}

extension Connection {
    /// The row of a dataset as metrics name it; an empty text stands for every one.
    func metricDatasetID(name: String, digest: String) throws -> Int64? {
        try query("SELECT id FROM metric_datasets WHERE name = ?1 AND digest = ?2", name, digest)
            .firstRow { $0.int64(0) }
    }
}
