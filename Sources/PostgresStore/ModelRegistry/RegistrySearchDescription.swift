internal import Filter
internal import Identities
internal import PostgreSQL
internal import Tracking

/// Describes a search of registered models or of model versions.
struct RegistrySearchDescription<Tables: RegistryTables>: SearchDescription {
    let search: RegistrySearch
    /// The client's permissions; nil if the client may do everything.
    private var permissions: Permissions?

    init(search: RegistrySearch) { self.search = search }

    func within(_ permissions: Permissions) -> RegistrySearchDescription {
        var description = self
        description.permissions = permissions
        return description
    }

    var requestedSortKeyCount: Int { search.orderings.count }
    var maxResults: Int { search.maxResults }
    var pageToken: String? { search.pageToken }
    var digest: UInt64 { search.digest(of: Tables.name) }
    /// The comparisons that each result must meet.
    var filter: [Comparison] { search.effectiveFilter }

    static func key(_ row: PostgresRow) -> Tables.Key { Tables.key(row) }

    static func entities(_ keys: [Tables.Key], in session: PostgresReadSession) throws -> [Tables.Entity] {
        try Tables.entities(keys, in: session)
    }

    func statement() throws -> SearchStatement {
        var statement = SearchStatement(keyColumns: Tables.keyColumns, source: Tables.name)
        statement.conditions = ["\(Tables.name).workspace = 'default'"] + Tables.conditions
        for comparison in filter {
            if comparison.entity == .tag {
                let row = statement.alias("tag")
                let key = statement.bind(comparison.key)
                let condition = try statement.condition(SearchColumn("\(row).value", .text), comparison)
                statement.addSubquery("EXISTS (SELECT 1 \(Tables.tags(row)) AND \(row).key = \(key) AND \(condition))")
            } else {
                guard let column = Tables.columns[comparison.key] else {
                    throw StoreCorruption("the parser returned the unknown attribute \(comparison.key)")
                }
                statement.conditions.append(try statement.condition(column, comparison))
            }
        }
        switch search.prompts {
        case .excluded: statement.conditions.append("NOT \(Self.markedAsPrompt(&statement))")
        case .included(onlyExactTag: true): statement.conditions.append(Self.markedAsPrompt(&statement))
        case .included(onlyExactTag: false): break
        }
        if let permissions, let condition = Self.visibilityCondition(with: permissions, in: &statement) {
            statement.conditions.append(condition)
        }
        statement.terms = Tables.subject.withTieBreakers(search.orderings).compactMap { ordering in
            Tables.columns[ordering.key].map { SortTerm($0.sql, ascending: ordering.ascending, $0.kind) }
        }
        return statement
    }

    /// Returns the condition that the client may read a row; nil if the client may read all rows.
    static func visibilityCondition(with permissions: Permissions, in statement: inout SearchStatement) -> String? {
        let name = "\(Tables.name).name"
        let modelCondition = permissions.visibleModels(for: Tables.modelType).condition(name, in: &statement)
        let promptCondition = permissions.visiblePrompts(for: Tables.promptType).condition(name, in: &statement)
        guard modelCondition != nil || promptCondition != nil else { return nil }
        return
            "CASE WHEN \(Self.markedAsPrompt(&statement)) THEN \(promptCondition ?? "TRUE") ELSE \(modelCondition ?? "TRUE") END"
    }

    /// Returns the condition that a row is marked as a prompt.
    ///
    /// A version counts as marked if any version of its model has the tag.
    private static func markedAsPrompt(_ statement: inout SearchStatement) -> String {
        let row = statement.alias("mark")
        let (key, value) = (statement.bind(Tag.promptMark.key), statement.bind(Tag.promptMark.value))
        return "EXISTS (SELECT 1 \(Tables.promptTags(row)) AND \(row).key = \(key) AND \(row).value = \(value))"
    }
}

/// The tables and columns of one kind of search in the registry.
protocol RegistryTables {
    associatedtype Entity: Sendable
    associatedtype Key: Sendable

    static var subject: SearchSubject { get }
    /// The name of the table that is searched.
    static var name: String { get }
    static var keyColumns: [String] { get }
    /// The types of the grants that make the found models or prompts visible.
    static var modelType: GrantedType { get }
    static var promptType: GrantedType { get }
    /// Conditions that each result must meet.
    static var conditions: [String] { get }
    /// The columns of the attributes, by canonical name.
    static var columns: [String: SearchColumn] { get }
    /// Returns FROM and WHERE clauses for the tags of a row.
    ///
    /// - Parameter alias: the alias of the table of tags.
    static func tags(_ alias: String) -> String
    /// Returns FROM and WHERE clauses for the tags that may mark a row as a prompt.
    static func promptTags(_ alias: String) -> String
    static func key(_ row: PostgresRow) -> Key
    static func entities(_ keys: [Key], in session: PostgresReadSession) throws -> [Entity]
}

enum RegisteredModelTables: RegistryTables {
    static let subject = SearchSubject.registeredModels
    static let name = "registered_models"
    static let keyColumns = ["registered_models.name"]
    static let modelType = GrantedType.registeredModel
    static let promptType = GrantedType.prompt
    static let conditions: [String] = []
    static let columns: [String: SearchColumn] = [
        "name": SearchColumn("registered_models.name", .text),
        "last_updated_timestamp": SearchColumn("coalesce(registered_models.last_updated_time, 0)", .integer),
    ]

    static func tags(_ alias: String) -> String {
        """
        FROM registered_model_tags AS \(alias)
            WHERE \(alias).workspace = registered_models.workspace AND \(alias).name = registered_models.name
        """
    }

    static func promptTags(_ alias: String) -> String { tags(alias) }

    static func key(_ row: PostgresRow) -> String { row.string(0) }

    static func entities(_ keys: [String], in session: PostgresReadSession) throws -> [RegisteredModel] {
        // MLflow sorts the stages by name only in SQLite; in PostgreSQL their order is undefined, so any order is correct.
        try session.registeredModels(names: keys)
    }
}

enum ModelVersionTables: RegistryTables {
    static let subject = SearchSubject.modelVersions
    static let name = "model_versions"
    static let keyColumns = ["model_versions.name", "model_versions.version"]
    static let modelType = GrantedType.registeredModelVersion
    static let promptType = GrantedType.promptVersion
    static let conditions = [ModelVersion.isNotDeleted("model_versions")]
    static let columns: [String: SearchColumn] = [
        "name": SearchColumn("model_versions.name", .text),
        "version_number": SearchColumn("model_versions.version", .integer),
        "run_id": SearchColumn("coalesce(model_versions.run_id, '')", .text),
        "source_path": SearchColumn("model_versions.source", .text),
        "creation_timestamp": SearchColumn("coalesce(model_versions.creation_time, 0)", .integer),
        "last_updated_timestamp": SearchColumn("coalesce(model_versions.last_updated_time, 0)", .integer),
    ]

    static func tags(_ alias: String) -> String { "\(promptTags(alias)) AND \(alias).version = model_versions.version" }

    static func promptTags(_ alias: String) -> String {
        """
        FROM model_version_tags AS \(alias)
            WHERE \(alias).workspace = model_versions.workspace AND \(alias).name = model_versions.name
        """
    }

    static func key(_ row: PostgresRow) -> VersionNumber { VersionNumber(name: row.string(0), version: row.int64(1)) }

    static func entities(_ keys: [VersionNumber], in session: PostgresReadSession) throws -> [ModelVersion] {
        try session.modelVersions(keys)
    }
}
