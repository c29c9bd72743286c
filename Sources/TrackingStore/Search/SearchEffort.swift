internal import Filter

extension ReadSession {
    /// Says what makes a search dear, for the case that it takes too long.
    func explainEffort(of filter: [Comparison], orderedBy orderings: [Ordering], experiments: Int = 0) {
        advice = {
            let patterns = filter.count { $0.comparisonOperator == .like || $0.comparisonOperator == .ilike }
            var parts: [String] = []
            if patterns > 0 { parts.append("fewer patterns than its \(patterns), none of them beginning with '%'") }
            if filter.count > patterns { parts.append("fewer comparisons than its \(filter.count)") }
            if !orderings.isEmpty { parts.append("fewer keys to order by than its \(orderings.count)") }
            if experiments > 1 { parts.append("fewer experiments than its \(experiments)") }
            return "Use " + (parts + ["smaller pages"]).joined(separator: ", or ") + "."
        }
    }
}
