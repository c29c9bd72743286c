internal import Filter
internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    func searchLoggedModels(_ message: RequestMessage) throws -> Operation {
        guard try message.field("experiment_ids", isRequired: true) != nil else {
            throw RequestMessage.missing("experiment_ids")
        }
        let experimentIDs = try message.strings("experiment_ids") ?? []
        let filter = try message.string("filter") ?? ""
        let datasets = try message.messages("datasets").map { try $0.datasetScope() }
        let pageSize = try message.pageSize()
        let clauses = try message.messages("order_by")
        let pageToken = try message.string("page_token")
        guard datasets.allSatisfy({ !$0.name.isEmpty }) else {
            throw TrackingError.invalidParameter("`dataset_name` in the `datasets` clause must be specified.")
        }
        let maxResults = try message.checkedPageSize(pageSize)
        guard clauses.count <= FilterLimits.orderingCount else {
            throw TrackingError.invalidParameter(
                "`order_by` has more than \(FilterLimits.orderingCount) clauses. Use fewer."
            )
        }
        let comparisons = try parseFilter(filter, for: .loggedModels)
        let search = LoggedModelSearch(
            experimentIDs: try experimentIDs.map { try parseExperimentID($0) },
            filter: comparisons,
            datasets: datasets,
            orderings: try clauses.map { try $0.loggedModelOrdering() },
            maxResults: maxResults == 0 ? 100 : maxResults,
            pageToken: pageToken
        )
        return page("models", { try $0.findLoggedModels(search) }, write: { $1.write($0) })
    }
}

extension RequestMessage {
    /// Reads the name and the digest of a dataset.
    ///
    /// If the digest is absent or empty, the scope contains all datasets with the name.
    fileprivate func datasetScope() throws(TrackingError) -> DatasetScope {
        let name = try string("dataset_name") ?? ""
        let digest = try string("dataset_digest") ?? ""
        return DatasetScope(name: name, digest: digest.isEmpty ? nil : digest)
    }

    fileprivate func loggedModelOrdering() throws -> LoggedModelSearch.Clause {
        let ordering = try SearchSubject.loggedModelOrdering(
            try string("field_name") ?? "",
            ascending: try boolean("ascending") ?? true
        )
        let dataset = try datasetScope()
        let hasDataset = !dataset.name.isEmpty || dataset.digest != nil
        return LoggedModelSearch.Clause(
            ordering: ordering,
            dataset: ordering.entity == .metric && hasDataset ? dataset : nil
        )
    }
}
