internal import Filter
internal import Identities
internal import SQLite
package import Tracking

extension ReadSession {
    package func findRegisteredModels(_ search: RegistrySearch) throws -> SearchCursor<RegisteredModel> {
        try find(RegistrySearchDescription<RegisteredModelTables>(search: search)).cursor
    }

    package func findModelVersions(_ search: RegistrySearch) throws -> SearchCursor<ModelVersion> {
        try find(RegistrySearchDescription<ModelVersionTables>(search: search)).cursor
    }
}

/// The tables and columns of one kind of search in the registry.
protocol RegistryTables {
    associatedtype Entity: Sendable

    static var subject: SearchSubject { get }
    static var name: String { get }
    /// The table of the tags of the entities.
    static var tagTable: String { get }
    /// The column of `tagTable` with the row id of the entity that has the tag.
    static var ownerColumn: String { get }
    /// The columns of the attributes, by canonical name.
    static var columns: [String: (column: String, kind: SortTerm.Kind)] { get }
    /// The types of the grants that make the found models or prompts visible.
    static var modelType: GrantedType { get }
    static var promptType: GrantedType { get }
    static func entities(rows: [Int64], in session: ReadSession) throws -> [Entity]
}

enum RegisteredModelTables: RegistryTables {
    static let subject = SearchSubject.registeredModels
    static let name = "registered_models"
    static let tagTable = "registered_model_tags"
    static let ownerColumn = "model_id"
    static let columns: [String: (column: String, kind: SortTerm.Kind)] = [
        "name": ("registered_models.name", .text),
        "last_updated_timestamp": ("registered_models.last_updated_time", .integer),
    ]

    static let modelType = GrantedType.registeredModel
    static let promptType = GrantedType.prompt

    static func entities(rows: [Int64], in session: ReadSession) throws -> [RegisteredModel] {
        try session.registeredModels(rows: rows).map { model in
            var model = model
            // In searches over SQLite, MLflow orders the stages by their names.
            model.latestVersions.sort { $0.stage.wireName < $1.stage.wireName }
            return model
        }
    }
}

enum ModelVersionTables: RegistryTables {
    static let subject = SearchSubject.modelVersions
    static let name = "model_versions"
    static let tagTable = "model_version_tags"
    static let ownerColumn = "version_id"
    static let columns: [String: (column: String, kind: SortTerm.Kind)] = [
        "name": ("model_versions.name", .text),
        "version_number": ("model_versions.version", .integer),
        "run_id": ("model_versions.run_id", .text),
        "source_path": ("model_versions.source", .text),
        "creation_timestamp": ("model_versions.creation_time", .integer),
        "last_updated_timestamp": ("model_versions.last_updated_time", .integer),
    ]

    static let modelType = GrantedType.registeredModelVersion
    static let promptType = GrantedType.promptVersion

    static func entities(rows: [Int64], in session: ReadSession) throws -> [ModelVersion] {
        try session.connection.modelVersions(rows: rows)
    }
}
