package import Filter

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

    /// The experiments that are searched; if the list is empty, no model is found.
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

extension LoggedModelSearch {
    /// Distinguishes the page tokens of different searches; does not depend on the page size.
    ///
    /// The digest has three parts of 21 bits: for the experiments, for the filter with its datasets, and for the order.
    /// The error for a token of another search says which part differs.
    package var digest: UInt64 {
        var experiments = QueryDigest()
        experiments.add("logged models")
        experiments.add(experimentIDs.sorted())
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
    package func refusal(ofTokenWithDigest tokenDigest: UInt64) -> TrackingError {
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
