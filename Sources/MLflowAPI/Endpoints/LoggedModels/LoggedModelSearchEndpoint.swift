internal import Filter
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// Models of a page where the client names no number, and where it says 0, as in the reference.
    private static let usualModels: Int64 = 50
    private static let modelsForZero: Int64 = 100

    func searchLoggedModels(_ message: RequestMessage) throws -> Operation {
        guard try message.field("experiment_ids", isRequired: true) != nil else {
            throw RequestMessage.missing("experiment_ids")
        }
        let experimentIDs = try message.strings("experiment_ids") ?? []
        let filter = try message.string("filter") ?? ""
        let datasets = try message.messages("datasets").map { try $0.datasetScope() }
        let asked = try message.integer("max_results") ?? Self.usualModels
        let clauses = try message.messages("order_by")
        let pageToken = try message.string("page_token")
        guard datasets.allSatisfy({ !$0.name.isEmpty }) else {
            throw TrackingError.invalidParameter("`dataset_name` in the `datasets` clause must be specified.")
        }
        guard asked >= 0 else {
            throw TrackingError.invalidParameter(
                "Invalid value \(asked) for parameter 'max_results' supplied. It must be a positive integer"
            )
        }
        guard clauses.count <= FilterLimits.orderings else {
            throw TrackingError.invalidParameter(
                "`order_by` has more than \(FilterLimits.orderings) clauses. Use fewer."
            )
        }
        let comparisons = try parseFilter(filter, for: .loggedModels)
        let search = LoggedModelSearch(
            experimentIDs: try experimentIDs.map { try parseExperimentID($0) },
            filter: comparisons,
            datasets: datasets,
            orderings: try clauses.map { try $0.loggedModelOrdering() },
            // The reference has no limit; with this one, a token says that there are more.
            maxResults: Int(min(asked == 0 ? Self.modelsForZero : asked, Self.maximumResults)),
            pageToken: pageToken
        )
        return page("models", { try $0.findLoggedModels(search) }, write: { $1.write($0) })
    }
}

extension RequestMessage {
    /// A missing digest stands for every digest of the name.
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
        let namesDataset = !dataset.name.isEmpty || dataset.digest != nil
        return LoggedModelSearch.Clause(
            ordering: ordering,
            dataset: ordering.entity == .metric && namesDataset ? dataset : nil
        )
    }
}
