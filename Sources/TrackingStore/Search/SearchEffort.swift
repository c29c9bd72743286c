internal import Filter
internal import SQLite
internal import Tracking

extension ReadSession {
    /// Carries out a search, as long as it takes no more than `searchLimit`: no client keeps a reader from the others.
    ///
    /// - Throws: `.invalidParameterValue` at the limit, else what `search` throws.
    func limitingEffort<Found>(of filter: [Comparison], _ search: () throws -> Found) throws -> Found {
        // A pattern and a long text can keep SQLite within one step for a while.
        let hasPattern = filter.contains { $0.comparisonOperator == .like || $0.comparisonOperator == .ilike }
        do {
            return try connection.withWorkLimit(searchLimit, stepsBetweenLooks: hasPattern ? 10 : 1_000, search)
        } catch is WorkLimitExceeded {
            throw TrackingError.invalidParameter(
                "The search was stopped after \(searchLimit.components.seconds) s of work. Compare less in the filter, shorten "
                    + "its patterns, order by fewer keys, or search in fewer experiments."
            )
        }
    }
}
