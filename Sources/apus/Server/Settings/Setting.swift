internal import Coding

/// The text of a setting, and the flag or variable that gave it.
struct Setting {
    /// The flag or variable that gave the setting, such as `--port` or `MLFLOW_PORT`.
    let source: String
    let text: String

    /// The setting as the user has written it.
    var quoted: String {
        let text = text.printable(limit: 200)
        return source.hasPrefix("-") ? "\(source) '\(text)'" : "\(source)=\(text)"
    }
}

extension Environment {
    /// The value of a flag or, if it is not given, of its first variable that is set and not empty.
    func setting(_ definition: SettingDefinition, _ given: String? = nil) -> Setting? {
        if let given { return Setting(source: definition.flag, text: given) }
        for variable in definition.variables {
            if let text = self[variable] { return Setting(source: variable, text: text) }
        }
        return nil
    }

    /// The value of a switch or, if it is not given, of its variables; nil if none is given.
    ///
    /// - Throws: `StartFailure` if a variable is neither true nor false, even if the switch is given.
    func isOn(_ definition: SettingDefinition, _ given: Bool? = nil) throws(StartFailure) -> Bool? {
        var found: Bool?
        for variable in definition.variables where found == nil { found = try bool(variable) }
        return given ?? found
    }
}
