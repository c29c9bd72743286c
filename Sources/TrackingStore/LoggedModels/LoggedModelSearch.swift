package import Filter
internal import SQLite

/// The dataset of metrics that count in a search: of a name, and of a digest where one is given.
package struct DatasetScope: Sendable, Equatable {
    package var name: String
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
    /// - Returns: the numbers by which `loggedModels(rows:)` reads them; they mean nothing outside this store.
    /// - Throws: `.invalidParameterValue` for a page token that is none or belongs to another search, and for more keys
    ///   or a longer pattern than SQLite takes.
    package func findLoggedModels(_ search: LoggedModelSearch) throws -> Page<Int64> {
        try LoggedModelSearchPlan(search, in: self).page()
    }
}

extension LoggedModelSearch {
    /// Tells the page tokens of different searches apart; the page size may change between pages.
    var digest: UInt64 {
        var digest = QueryDigest()
        digest.add("logged models")
        digest.add(jsonArray(experimentIDs.sorted()))
        digest.add(filter)
        for scope in datasets { digest.add(scope) }
        for clause in orderings {
            digest.add([clause.ordering])
            if let scope = clause.dataset { digest.add(scope) }
        }
        return digest.value
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
    /// The row of a dataset as metrics name it; with an empty digest, of every digest of the name.
    func metricDatasetID(name: String, digest: String) throws -> Int64? {
        try query("SELECT id FROM metric_datasets WHERE name = ?1 AND digest = ?2", name, digest)
            .firstRow { $0.int64(0) }
    }
}
