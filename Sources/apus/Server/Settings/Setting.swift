/// The text of a setting, and whether a flag or a variable gave it.
struct Setting {
    /// `--port`, or `MLFLOW_PORT`.
    let source: String
    let text: String

    /// As whoever gave it would write it.
    var shown: String {
        let text = text.printable(limit: 200)
        return source.hasPrefix("-") ? "\(source) '\(text)'" : "\(source)=\(text)"
    }
}

extension Environment {
    /// What the flag says; without it, the first of its variables that is set and not empty.
    func setting(_ definition: SettingDefinition, _ given: String? = nil) -> Setting? {
        if let given { return Setting(source: definition.flag, text: given) }
        for variable in definition.variables {
            if let text = self[variable] { return Setting(source: variable, text: text) }
        }
        return nil
    }

    /// What a switch says; without it, what its variables say; nil when nobody says anything.
    ///
    /// A variable that is neither true nor false is refused, even where the flag wins.
    func isOn(_ definition: SettingDefinition, _ given: Bool? = nil) throws(StartFailure) -> Bool? {
        var found: Bool?
        for variable in definition.variables where found == nil { found = try bool(variable) }
        return given ?? found
    }
}
