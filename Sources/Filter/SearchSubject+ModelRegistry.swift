extension SearchSubject {
    /// The subject of `registered-models/search`.
    package static let registeredModels = SearchSubject(
        entityNames: registryEntityNames,
        entityNamesText: registryEntityNamesText,
        rules: [
            .attribute: .named([
                "name": Field("name", .textOrList),
                "timestamp": Field("last_updated_timestamp", .integer, isComparable: false),
                "last_updated_timestamp": Field("last_updated_timestamp", .integer, isComparable: false),
            ]),
            .tag: .anyKey(.text, allowsNullTests: false),
        ],
        orderableEntities: [.attribute],
        allowsQuotedEntityNames: false,
        foldsOperatorCase: true,
        refusesRepeatedOrderings: true,
        joinsWords: false,
        wording: .registeredModels,
        allowsQuotedAttributes: false,
        tieBreaks: [.ascending("name")]
    )

    /// The subject of `model-versions/search`.
    package static let modelVersions = SearchSubject(
        entityNames: registryEntityNames,
        entityNamesText: registryEntityNamesText,
        rules: [
            .attribute: .named([
                "name": Field("name", .textOrList),
                "version_number": Field("version_number", .integerOrQuotedInteger),
                "run_id": Field("run_id", .textOrList, isOrderable: false),
                "source_path": Field("source_path", .text, isOrderable: false),
                "creation_timestamp": Field("creation_timestamp", .integer, isComparable: false),
                "last_updated_timestamp": Field("last_updated_timestamp", .integer, isComparable: false),
            ]),
            .tag: .anyKey(.text, allowsNullTests: false),
        ],
        orderableEntities: [.attribute],
        allowsQuotedEntityNames: false,
        foldsOperatorCase: true,
        refusesRepeatedOrderings: true,
        joinsWords: false,
        wording: .modelVersions,
        allowsQuotedAttributes: false,
        defaultOrder: [.descending("last_updated_timestamp")],
        tieBreaks: [.ascending("name"), .descending("version_number")]
    )

    /// The prefixes that MLflow 3.17.2 accepts, and `attributes.`, which MLflow accepts since 3.18.
    private static let registryEntityNames: [String: Entity] = [
        "attribute": .attribute, "attributes": .attribute, "tag": .tag, "tags": .tag,
    ]
    private static let registryEntityNamesText = "('attribute', 'tag', 'tags')"
}
