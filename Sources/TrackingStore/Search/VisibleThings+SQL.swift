internal import Identities

extension VisibleThings<Int64> {
    /// Returns the condition that a column contains the id of a visible entity; nil if all entities are visible.
    func condition(_ column: String, in statement: inout SearchStatement) -> String? {
        switch self {
        case .except(let ids) where ids.isEmpty: nil
        case .except(let ids):
            "\(column) NOT IN (SELECT value FROM json_each(\(statement.bind(jsonArray(ids.sorted())))))"
        case .only(let ids): "\(column) IN (SELECT value FROM json_each(\(statement.bind(jsonArray(ids.sorted())))))"
        }
    }

    /// Returns the condition that a column contains the id of a visible entity, and the text that must be bound to `parameter`.
    func condition(_ column: String, boundAs parameter: String) -> (sql: String, bound: String) {
        switch self {
        case .except(let ids):
            ("\(column) NOT IN (SELECT value FROM json_each(\(parameter)))", jsonArray(ids.sorted()))
        case .only(let ids): ("\(column) IN (SELECT value FROM json_each(\(parameter)))", jsonArray(ids.sorted()))
        }
    }
}

extension VisibleThings<[UInt8]> {
    /// Returns the condition that a column contains the name of a visible entity; nil if all entities are visible.
    func condition(_ column: String, in statement: inout SearchStatement) -> String? {
        switch self {
        case .except(let names) where names.isEmpty: nil
        case .except: "\(column) NOT IN (SELECT value FROM json_each(\(statement.bind(names))))"
        case .only: "\(column) IN (SELECT value FROM json_each(\(statement.bind(names))))"
        }
    }

    /// The names that the condition lists, as a JSON array.
    private var names: String {
        switch self {
        case .except(let names), .only(let names): jsonTexts(names.map { String(decoding: $0, as: UTF8.self) })
        }
    }

    fileprivate func condition(listedIn array: String) -> String {
        switch self {
        case .except: "name NOT IN (SELECT value FROM json_each(\(array)))"
        case .only: "name IN (SELECT value FROM json_each(\(array)))"
        }
    }

    fileprivate static func bound(models: Self, prompts: Self) -> String { "[\(models.names),\(prompts.names)]" }
}

extension Permissions {
    /// Returns the condition that a row of `registered_models` is visible, and the text that must be bound to `parameter`.
    func visibleRegistryCondition(boundAs parameter: String) -> (sql: String, bound: String) {
        let models = visibleModels(for: .registeredModel)
        let prompts = visiblePrompts(for: .prompt)
        let isPrompt = prompts.condition(listedIn: "\(parameter), '$[1]'")
        let isModel = models.condition(listedIn: "\(parameter), '$[0]'")
        return (
            "CASE WHEN is_prompt THEN \(isPrompt) ELSE \(isModel) END",
            VisibleThings.bound(models: models, prompts: prompts)
        )
    }
}
