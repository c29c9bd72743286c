package import Filter

/// Returns a sentence that says what the client should reduce if a search takes too long.
///
/// - Parameter sortKeyCount: the number of sort keys that the client asked for in `order_by`; 0 for the default order.
package func searchAdvice(filter: [Comparison], sortKeyCount: Int, experimentCount: Int) -> String {
    let patterns = filter.count { $0.comparisonOperator == .like || $0.comparisonOperator == .ilike }
    var parts: [String] = []
    if patterns > 0 { parts.append("fewer LIKE and ILIKE patterns (now \(patterns)), none of which begins with '%'") }
    if filter.count > patterns { parts.append("fewer comparisons (now \(filter.count))") }
    if sortKeyCount > 0 { parts.append("fewer keys in order_by (now \(sortKeyCount))") }
    if experimentCount > 1 { parts.append("fewer experiments (now \(experimentCount))") }
    return "Use " + (parts + ["smaller pages"]).joined(separator: ", or ") + "."
}
