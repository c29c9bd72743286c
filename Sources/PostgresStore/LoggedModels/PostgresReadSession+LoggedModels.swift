internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresReadSession {
    package func loggedModelInfo(id modelID: String) throws -> LoggedModelInfo {
        try storedLoggedModel(modelID, for: .read)
    }

    package func loggedModel(id modelID: String, allowsDeleted: Bool = false) throws -> LoggedModel {
        _ = try storedLoggedModel(modelID, allowsDeleted: allowsDeleted, for: .read)
        guard let model = try loggedModels(ids: [modelID]).first else {
            throw TrackingError.loggedModelNotFound(modelID)
        }
        return model
    }

    /// Returns the first models of a page: as many as have fewer than 20,000 metric points together, and at least one.
    func loggedModelsAtOnce(_ ids: [String]) throws -> [String] {
        guard ids.count > 1 else { return ids }
        let query = "SELECT model_id, count(*) FROM logged_model_metrics WHERE model_id = ANY($1) GROUP BY model_id"
        let counted = try rows(query, ids)
        var pointCounts: [ExactText: Int64] = [:]
        counted.forEach { pointCounts[ExactText($0.string(0))] = $0.int64(1) }
        var sum: Int64 = 0
        let first = ids.prefix { id in
            sum += pointCounts[ExactText(id)] ?? 0
            return sum < Self.maximumPointsInMemory
        }
        return Array(first.isEmpty ? ids.prefix(1) : first)
    }

    private static var maximumPointsInMemory: Int64 { 20_000 }
}
