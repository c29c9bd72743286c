extension SearchSubject {
    /// Returns the orderings, or the default order if `orderings` is empty, followed by the tie-breaks.
    ///
    /// In the resulting order no two entities are equal.
    package func withTieBreakers(_ orderings: [Ordering]) -> [Ordering] {
        let wanted = orderings.isEmpty ? defaultOrder : orderings
        return wanted + tieBreaks(of: wanted)
    }

    /// Returns the tie-breaking attributes that the orderings do not contain.
    package func tieBreaks(of orderings: [Ordering]) -> [Ordering] {
        tieBreaks.filter { tie in !orderings.contains { $0.entity == .attribute && $0.key == tie.key } }
    }
}

extension Ordering {
    static func ascending(_ key: String) -> Ordering { Ordering(entity: .attribute, key: key, ascending: true) }

    static func descending(_ key: String) -> Ordering { Ordering(entity: .attribute, key: key, ascending: false) }
}
