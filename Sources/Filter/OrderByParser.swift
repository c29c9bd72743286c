/// Parses the clauses of an `order_by` list; each is a name and, optionally, `ASC` or `DESC`.
///
/// Accepts what MLflow 3.17.2 accepts. The first clause is the primary sort key. Some subjects refuse a field that
/// occurs twice, even with different directions. For an empty list the result is empty, which means the default order.
/// The cost is linear in the length of the text.
package func parseOrderBy(_ clauses: [String], for subject: SearchSubject) throws(FilterError) -> [Ordering] {
    guard clauses.count <= FilterLimits.orderingCount else {
        throw FilterError("`order_by` has more than \(FilterLimits.orderingCount) clauses. Use fewer.")
    }
    var orderings: [Ordering] = []
    for clause in clauses {
        let ordering = try parseOrdering(clause, for: subject)
        let isRepeated = orderings.contains { $0.entity == ordering.entity && hasSameBytes($0.key, ordering.key) }
        if isRepeated, subject.refusesRepeatedOrderings {
            throw FilterError("`order_by` contains duplicate fields: \(formattedList(clauses))")
        }
        orderings.append(ordering)
    }
    return orderings
}

private func parseOrdering(_ clause: String, for subject: SearchSubject) throws(FilterError) -> Ordering {
    let unreadable = FilterError("Invalid order_by clause '\(clause)'. Could not be parsed.")
    guard clause.utf8.count <= FilterLimits.orderingBytes else {
        throw FilterError("An order_by clause has more than \(FilterLimits.orderingBytes) bytes. Shorten it.")
    }
    let tokens: TokenReader? = try? TokenReader(clause, subject: subject)
    guard var reader = tokens, !reader.hasOuterWhiteSpace, let field = try reader.readField(forOrdering: true) else {
        throw unreadable
    }
    var ascending = true
    if !reader.skip(keyword: .ascending), let next = reader.current {
        guard case .word = next.token else { throw unreadable }
        guard reader.skip(keyword: .descending) else {
            throw FilterError("Invalid ordering key in order_by clause '\(clause)'.")
        }
        ascending = false
    }
    guard reader.isAtEnd else { throw unreadable }
    guard subject.orderableEntities.contains(field.entity) else {
        throw FilterError("Invalid order_by clause '\(clause)': cannot order by a \(field.entity.rawValue)")
    }
    return Ordering(entity: field.entity, key: field.key, ascending: ascending)
}

private func hasSameBytes(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
