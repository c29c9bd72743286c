package import Filter
internal import SQLite
package import Tracking

/// The datasets whose metrics a search looks at: those with a name, with a digest, or with both.
package struct DatasetScope: Sendable, Equatable {
    /// The name; an empty text allows every name, but only in a clause of `order_by`.
    package var name: String
    /// The digest; nil allows every digest.
    package var digest: String?

    package init(name: String, digest: String?) {
        self.name = name
        self.digest = digest
    }
}

/// The parameters of `logged-models/search`.
package struct LoggedModelSearch: Sendable {
    /// One clause of `order_by`.
    package struct Clause: Sendable {
        package var ordering: Ordering
        /// The datasets whose metrics are compared; nil for all, and nil for an attribute.
        package var dataset: DatasetScope?

        package init(ordering: Ordering, dataset: DatasetScope?) {
            self.ordering = ordering
            self.dataset = dataset
        }
    }

    /// The experiments that are searched.
    ///
    /// If the list is empty, no model is found.
    package var experimentIDs: [Int64]
    package var filter: [Comparison]
    /// The datasets whose metrics the filter compares; if the list is empty, the filter compares all metrics.
    ///
    /// If the filter compares no metric, the search finds only models that have a metric on one of these datasets.
    package var datasets: [DatasetScope]
    package var orderings: [Clause]
    /// The maximum number of models on a page, 1 to 50,000.
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
    /// Returns one page of the models that a search finds.
    ///
    /// Models with equal sort keys are ordered by creation time, the newest first, and then by model id. Deleted models
    /// are never found. A model meets a comparison if any point of the metric does; `order_by` uses the latest point.
    /// - Throws: `.invalidParameterValue` for a page token that is malformed or belongs to another search, for too many
    ///   sort keys, and for a pattern that is too long.
    package func findLoggedModels(_ search: LoggedModelSearch) throws -> SearchCursor<LoggedModel> { try find(search) }
}

extension LoggedModelSearch {
    /// Distinguishes the page tokens of different searches.
    ///
    /// Does not depend on the page size.
    ///
    /// The digest has three parts of 21 bits: for the experiments, for the filter with its datasets, and for the order.
    /// The error for a token of another search says which part differs.
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

    /// Returns the error for a page token of another search; its first words are those of MLflow's message.
    func refusal(ofTokenWithDigest tokenDigest: UInt64) -> TrackingError {
        let difference = tokenDigest ^ digest
        let part =
            if difference >> (2 * Self.bitsOfPart) != 0 {
                "Experiment IDs in the page token do"
            } else if difference >> Self.bitsOfPart != 0 {
                "Filter string in the page token does"
            } else {
                "Order by in the page token does"
            }
        return .invalidParameter(
            "\(part) not match the request. Send a token with the same experiment_ids, filter, datasets and order_by "
                + "as the page before, or start again without a token."
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
    /// Returns the row id in `metric_datasets` for a scope; nil if no metric was ever logged on such a dataset.
    func scopeID(of scope: DatasetScope) throws -> Int64? {
        try connection.metricDatasetID(name: scope.name, digest: scope.digest ?? "")
    }

    /// Returns the row ids of the datasets that belong to any of the scopes.
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
    /// Returns the row id in `metric_datasets` for a name and a digest; nil if there is none.
    ///
    /// An empty text stands for every name or every digest.
    func metricDatasetID(name: String, digest: String) throws -> Int64? {
        try query("SELECT id FROM metric_datasets WHERE name = ?1 AND digest = ?2", name, digest)
            .firstRow { $0.int64(0) }
    }
}
