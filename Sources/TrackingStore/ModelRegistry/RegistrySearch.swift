package import Filter
internal import SQLite
package import Tracking

/// What `registered-models/search` and `model-versions/search` ask for.
package struct RegistrySearch: Sendable {
    package var filter: [Comparison]
    package var orderings: [Ordering]
    /// 1 or more.
    package var maxResults: Int
    package var pageToken: String?

    package init(filter: [Comparison], orderings: [Ordering], maxResults: Int, pageToken: String?) {
        self.filter = filter
        self.orderings = orderings
        self.maxResults = maxResults
        self.pageToken = pageToken
    }
}

extension ReadSession {
    /// One page of registered models; by default in the order of their names, and no prompts.
    ///
    /// - Throws: `.invalidParameterValue` for a page token that is none or belongs to another search, and for a
    ///   pattern that is too long.
    package func searchRegisteredModels(_ search: RegistrySearch) throws -> Page<RegisteredModel> {
        explainEffort(of: search.filter, orderedBy: search.orderings)
        let page = try RegistrySearchPlan(search, .registeredModels, in: connection).page()
        let models = try connection.registeredModels(rows: page.items).map { model in
            var model = model
            // Here the reference has the stages in the order of their names.
            model.latestVersions.sort { $0.stage.wireName < $1.stage.wireName }
            return model
        }
        return Page(items: models, nextPageToken: page.nextPageToken)
    }

    /// One page of versions; by default those first that were updated last, and none of prompts.
    ///
    /// - Returns: the numbers by which `modelVersions(rows:)` reads them; they mean nothing outside this store.
    /// - Throws: as `searchRegisteredModels`.
    package func findModelVersions(_ search: RegistrySearch) throws -> Page<Int64> {
        explainEffort(of: search.filter, orderedBy: search.orderings)
        return try RegistrySearchPlan(search, .modelVersions, in: connection).page()
    }

    /// The versions of a page in its order, without aliases.
    package func modelVersions(rows: [Int64]) throws -> [ModelVersion] {
        try connection.modelVersions(rows: rows)
    }
}

/// The tables of what is searched.
struct RegistryTables {
    let name: String
    /// The table of the tags and its column that names the owner.
    let tags: String
    let owner: String
    /// The columns of attributes by their canonical names.
    let columns: [String: (column: String, kind: SortTerm.Kind)]
    let defaultOrder: [Ordering]
    /// Appended to an order unless it names their keys; together unique.
    let tieBreaks: [Ordering]

    static let registeredModels = RegistryTables(
        name: "registered_models",
        tags: "registered_model_tags",
        owner: "model_id",
        columns: [
            "name": ("registered_models.name", .text),
            "last_updated_timestamp": ("registered_models.last_updated_time", .integer),
        ],
        defaultOrder: [],
        tieBreaks: [Ordering(entity: .attribute, key: "name", ascending: true)]
    )

    static let modelVersions = RegistryTables(
        name: "model_versions",
        tags: "model_version_tags",
        owner: "version_id",
        columns: [
            "name": ("model_versions.name", .text),
            "version_number": ("model_versions.version", .integer),
            "run_id": ("model_versions.run_id", .text),
            "source_path": ("model_versions.source", .text),
            "creation_timestamp": ("model_versions.creation_time", .integer),
            "last_updated_timestamp": ("model_versions.last_updated_time", .integer),
        ],
        defaultOrder: [Ordering(entity: .attribute, key: "last_updated_timestamp", ascending: false)],
        tieBreaks: [
            Ordering(entity: .attribute, key: "name", ascending: true),
            Ordering(entity: .attribute, key: "version_number", ascending: false),
        ]
    )
}
