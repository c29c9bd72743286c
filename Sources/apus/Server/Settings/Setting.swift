internal import Coding

/// The text of a setting, and whether a flag or a variable gave it.
struct Setting {
    /// `--port`, or `MLFLOW_PORT`.
    let source: String
    let text: String

    /// The setting in the form in which the user gives it.
    var shown: String {
        let text = text.printable(limit: 200)
        return source.hasPrefix("-") ? "\(source) '\(text)'" : "\(source)=\(text)"
    }
}

extension Environment {
    /// The value of the flag; without the flag, that of its first variable that is set and not empty.
    func setting(_ definition: SettingDefinition, _ given: String? = nil) -> Setting? {
        if let given { return Setting(source: definition.flag, text: given) }
        for variable in definition.variables {
            if let text = self[variable] { return Setting(source: variable, text: text) }
        }
        return nil
    }

    /// The value of a switch; without the switch, that of its variables; nil when none is given.
    ///
    /// A variable that is neither true nor false is refused, even where the flag wins.
    func isOn(_ definition: SettingDefinition, _ given: Bool? = nil) throws(StartFailure) -> Bool? {
        var found: Bool?
        for variable in definition.variables where found == nil { found = try bool(variable) }
        return given ?? found
    }
}
