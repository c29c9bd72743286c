internal import Filter
internal import SQLite
internal import Tracking

/// By what the models of a search are reached.
enum LoggedModelReach {
    /// By the index of models in their default order.
    case models
    /// By their numbers; the search looks at no other models.
    case candidates(CandidateRows)
    /// By the index of the latest values of the metric that the search orders by first.
    case measured
    /// As `models`, those alone that lack that metric.
    case unmeasured
}

/// Chooses how a search is carried out, by looking at how many rows each index would give.
///
/// Each look is bounded. Whatever is chosen, the rows, their order and their page tokens are the same, so that the choice
/// may differ from one page to the next.
struct LoggedModelSearchPlan {
    /// Fewer models than this in the searched experiments are sorted rather than met on a walk through a metric's values.
    private static let fewModels: Int64 = 500
    /// How far the searched models are counted.
    private static let countedModels: Int64 = 5_000

    private let search: LoggedModelSearch
    private let session: ReadSession

    init(_ search: LoggedModelSearch, in session: ReadSession) {
        self.search = search
        self.session = session
    }

    /// The numbers of the models of one page, in order.
    func page() throws -> Page<Int64> {
        let digest = search.digest
        let namesModels = search.filter.contains(where: \.namesLoggedModels)
        let candidates = namesModels ? nil : try SearchCandidates(search, in: session).find()
        let reach = candidates.map { LoggedModelReach.candidates($0) } ?? .models
        let whole = try LoggedModelSearchStatement(search, reachedBy: reach, in: session).statement
        let start = try PageToken.parse(
            search.pageToken,
            digest: digest,
            termCount: whole.terms.count,
            refusal: search.refusal
        )
        // The reference's own tokens tell which search made them, and these do not.
        if case .offset = start { throw search.refusal(ofTokenWith: ~digest) }
        if candidates == nil, !namesModels, let walked = try walkedMetric() {
            return try walk(walked, from: start).page(of: search.maxResults, digest: digest)
        }
        return try whole.page(of: search.maxResults, startingAt: start, digest: digest, in: session.connection)
    }

    /// A metric within one scope, as the index of latest values names it; nil where nothing was ever logged.
    private struct WalkedMetric {
        var keyID: Int64?
        var scopeID: Int64?
    }

    /// The metric that orders the search, if models are met soon enough on a walk through its values.
    private func walkedMetric() throws -> WalkedMetric? {
        guard let first = search.orderings.first, first.ordering.entity == .metric else { return nil }
        let metric = WalkedMetric(
            keyID: try session.connection.keyID(for: first.ordering.key),
            scopeID: try first.dataset.map { try session.scopeID(of: $0) } ?? 0
        )
        let models = try session.loggedModelCount(in: search.experimentIDs, upTo: Self.countedModels)
        guard models >= Self.fewModels, models < Self.countedModels else {
            return models == Self.countedModels ? metric : nil
        }
        // With four values of other experiments between two of these, sorting is about as fast.
        let sql = """
            SELECT count(*) FROM (
                SELECT 1 FROM latest_model_metrics WHERE key_id = ?1 AND scope_id = ?2 LIMIT ?3)
            """
        let isDense =
            try session.connection.query(sql, metric.keyID, metric.scopeID, 4 * models)
            .firstRow { $0.int64(0) < 4 * models } ?? false
        return isDense ? metric : nil
    }

    /// Whether no model of the store lacks the metric.
    ///
    /// A count over an index tells it far sooner than a look at every model. Models are never removed, so that the
    /// largest number is their count.
    private func everyModelHas(_ metric: WalkedMetric) throws -> Bool {
        let sql = """
            SELECT (SELECT max(id) FROM logged_models)
                = (SELECT count(*) FROM latest_model_metrics WHERE key_id = ?1 AND scope_id = ?2)
            """
        return try session.connection.query(sql, metric.keyID, metric.scopeID).firstRow { $0.int64(0) == 1 } ?? false
    }

    /// Models with the metric by the index of its values, then those without it.
    private func walk(_ metric: WalkedMetric, from start: PageStart) throws -> SearchRows {
        let limit = search.maxResults
        var found = SearchRows()
        var last: [SortValue]?
        if case .after(let values) = start { last = values }
        for (place, reach) in [LoggedModelReach.measured, .unmeasured].enumerated() {
            if case .integer(let done) = last?.first, done > place { continue }
            if place == 1, try everyModelHas(metric) { break }
            let statement = try LoggedModelSearchStatement(search, reachedBy: reach, in: session).statement
            // Sort values as the whole search has them: whether the metric is missing, its value, the rest.
            let leading: [SortValue] = place == 0 ? [.integer(0)] : [.integer(1), .null]
            let isContinued = last?.first == .integer(Int64(place))
            let part = try statement.rows(
                limit + 1 - found.rows.count,
                after: isContinued ? last.map { Array($0.dropFirst(leading.count)) } : nil,
                keepingValuesOf: limit - 1 - found.rows.count,
                in: session.connection
            )
            found.rows += part.rows
            found.keptValues = found.keptValues ?? part.keptValues.map { leading + $0 }
            if found.rows.count > limit { break }
        }
        return found
    }
}

extension Comparison {
    /// Whether only models that the filter names by their ids can be found.
    var namesLoggedModels: Bool {
        entity == .attribute && key == "model_id" && (comparisonOperator == .equal || comparisonOperator == .isIn)
    }
}
