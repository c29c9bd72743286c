/// The errors for filters that are refused, in MLflow's words.
extension FilterParser {
    func wrongComparator(_ written: String, for field: FieldReference) -> FilterError {
        let valid = field.kind.operators + (field.allowsNullTests ? [.isNull, .isNotNull] : [])
        let shown = formattedList(valid.map(\.rawValue))
        let beginning = reader.subject.wording.invalidOperator
        if reader.subject.wording.usesRegistryWording {
            let key = field.kind == .integerOrQuotedInteger ? " \(field.key)" : ""
            return FilterError("\(beginning) \(field.entity.rawValue)\(key): \(written). Use one of \(shown).")
        }
        return FilterError(
            "\(beginning) '\(written)' for \(field.entity.rawValue) '\(field.key)', not one of '\(shown)'"
        )
    }

    var illFormedList: FilterError {
        FilterError(
            "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list."
        )
    }

    func listNotAllowed(_ field: FieldReference, from start: Int) -> FilterError {
        guard field.entity == .attribute, case .named(let fields) = reader.subject.rules[.attribute],
            field.kind == .text || field.kind == .integerOrQuotedInteger
        else { return wrongValue(reader.parenthesised(from: start), for: field) }
        let names = Set(fields.values.filter(\.kind.acceptsLists).map(\.name)).sorted()
        return FilterError(
            "Only \(formattedList(names)) attributes support comparison with a list of quoted string values."
        )
    }

    func wrongValue(_ source: String, for field: FieldReference) -> FilterError {
        if reader.subject.wording.usesRegistryWording, field.entity == .attribute { return wrongRegistryValue(source) }
        return switch field.kind {
        case .double: FilterError("Expected numeric value type for metric. Found \(source)")
        case .integer, .integerOrQuotedInteger, .integerOrDouble:
            FilterError("Expected numeric value type for numeric attribute: \(field.key). Found \(source)")
        case .text where field.entity != .attribute:
            FilterError(
                "Expected a quoted string value for \(field.entity.rawValue) (e.g. 'my-value'). Got value \(source)"
            )
        case .text, .textOrList, .optionallyQuoted, .quotedInteger:
            FilterError(
                "Expected a quoted string value for \(field.entity == .dataset ? "dataset attributes" : "attributes")."
                    + " Got value \(source)"
            )
        }
    }

    private func wrongRegistryValue(_ source: String) -> FilterError {
        if source.unicodeScalars.first.map({ $0.properties.isAlphabetic || $0 == "_" }) ?? false {
            return FilterError(
                "Parameter value is either not quoted or unidentified quote types used for string value \(source). "
                    + "Use either single or double quotes."
            )
        }
        return FilterError(
            "Expected a quoted string value or a list of quoted string values for attributes. Got value \(source)"
        )
    }
}
