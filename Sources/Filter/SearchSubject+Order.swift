extension SearchSubject {
    /// An order that is total: as the client wants it, or the default one, with ties broken.
    package func completed(_ orderings: [Ordering]) -> [Ordering] {
        let wanted = orderings.isEmpty ? defaultOrder : orderings
        return wanted + tieBreaks(of: wanted)
    }

    /// What breaks the ties of an order: the attributes that it does not name itself.
    package func tieBreaks(of orderings: [Ordering]) -> [Ordering] {
        tieBreaks.filter { tie in !orderings.contains { $0.entity == .attribute && $0.key == tie.key } }
    }
}

extension Ordering {
    static func ascending(_ key: String) -> Ordering { Ordering(entity: .attribute, key: key, ascending: true) }

    static func descending(_ key: String) -> Ordering { Ordering(entity: .attribute, key: key, ascending: false) }
}
