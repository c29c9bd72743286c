extension SearchSubject {
    /// The subject of `logged-models/search` (`search_logged_model_utils.py`); all values but metrics and times are texts.
    package static let loggedModels = SearchSubject(
        entityNames: ["attributes": .attribute, "metrics": .metric, "params": .parameter, "tags": .tag],
        entityNamesText: "['attributes', 'metrics', 'params', 'tags']",
        rules: [
            .attribute: .named(loggedModelAttributes),
            .metric: .anyKey(.double, allowsNullTests: false),
            .parameter: .anyKey(.optionallyQuoted, allowsNullTests: false),
            .tag: .anyKey(.optionallyQuoted, allowsNullTests: false),
        ],
        orderableEntities: [.attribute, .metric],
        allowsQuotedEntityNames: false,
        foldsOperatorCase: true,
        refusesRepeatedOrderings: false,
        joinsWords: true,
        wording: .loggedModels,
        tieBreaks: [.descending("creation_time"), .ascending("model_id")]
    )

    private static let loggedModelAttributes: [String: Field] = [
        "model_id": Field("model_id", .optionallyQuoted),
        "experiment_id": Field("experiment_id", .optionallyQuoted),
        "name": Field("name", .optionallyQuoted),
        "artifact_location": Field("artifact_location", .optionallyQuoted),
        "creation_timestamp_ms": Field("creation_time", .integerOrDouble),
        "creation_timestamp": Field("creation_time", .integerOrDouble),
        "creation_time": Field("creation_time", .integerOrDouble),
        "last_updated_timestamp_ms": Field("last_updated_time", .integerOrDouble),
        "last_updated_timestamp": Field("last_updated_time", .integerOrDouble),
        "status": Field("status", .optionallyQuoted),
        "status_message": Field("status_message", .optionallyQuoted),
        "lifecycle_stage": Field("lifecycle_stage", .optionallyQuoted),
        "model_type": Field("model_type", .optionallyQuoted),
        "source_run_id": Field("source_run_id", .optionallyQuoted),
    ]

    /// Parses the field name of an `order_by` object of `logged-models/search`.
    ///
    /// - Parameter fieldName: an attribute, or `metrics.` and the key of a metric, without quotes.
    package static func loggedModelOrdering(_ fieldName: String, ascending: Bool) throws(FilterError) -> Ordering {
        guard fieldName.utf8.count <= FilterLimits.orderingBytes else {
            throw FilterError("A field name in order_by has more than \(FilterLimits.orderingBytes) bytes. Shorten it.")
        }
        guard let dot = fieldName.utf8.firstIndex(of: UInt8(ascii: ".")) else {
            guard let field = loggedModelAttributes[fieldName] else {
                let valid = formattedList(loggedModelAttributes.keys.sorted())
                throw FilterError("Invalid order by field name: \(fieldName). Use metrics.<key> or one of \(valid).")
            }
            return Ordering(entity: .attribute, key: field.name, ascending: ascending)
        }
        guard fieldName[..<dot] == "metrics" else {
            throw FilterError("Invalid order by field name: \(fieldName). Only metrics are supported.")
        }
        let key = String(fieldName[fieldName.utf8.index(after: dot)...])
        return Ordering(entity: .metric, key: key, ascending: ascending)
    }
}
