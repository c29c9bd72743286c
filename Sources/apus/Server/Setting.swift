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
    /// What the flag says; without it, the first of the variables that is set and not empty.
    func setting(_ flag: String, _ given: String?, _ variables: String...) -> Setting? {
        if let given { return Setting(source: flag, text: given) }
        for variable in variables {
            if let text = self[variable] { return Setting(source: variable, text: text) }
        }
        return nil
    }
}
