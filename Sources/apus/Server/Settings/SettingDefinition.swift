internal import ArgumentParser
internal import Logging

/// One setting of a command: its flag, its environment variables, its default, and what it does.
///
/// `--help` and `docs/configuration.md` are made from these definitions, and the program finds the value of a setting by its
/// definition.
struct SettingDefinition: Sendable {
    /// The flag, such as `--port`; for a switch, the flag that turns it on.
    ///
    /// Empty if only a variable gives the setting.
    let flag: String
    /// The one-letter form of the flag.
    var short: String?
    /// The flag that turns a switch off; nil if there is none.
    var opposite: String?
    /// The kind of value that follows the flag; nil for a switch.
    var valueName: String?
    /// The environment variables that can be set instead of the flag, in the order in which they are tried.
    let variables: [String]
    /// What applies if neither the flag nor a variable is given: a value, or words that describe it; nil if there is no default.
    var defaultText: String?
    /// The effect of the setting, in whole sentences; for a flag without effect or one that is refused, the reason.
    var effect = ""

    static func option(
        _ flag: String,
        short: String? = nil,
        _ valueName: String,
        _ variables: String...,
        default text: String? = nil
    ) -> SettingDefinition {
        SettingDefinition(flag: flag, short: short, valueName: valueName, variables: variables, defaultText: text)
    }

    /// A flag without a value; its default is off unless `withDefault` changes that.
    static func toggle(_ flag: String, _ opposite: String?, _ variables: String...) -> SettingDefinition {
        SettingDefinition(flag: flag, opposite: opposite, variables: variables, defaultText: "off")
    }

    func withDefault(_ text: String) -> SettingDefinition {
        var copy = self
        copy.defaultText = text
        return copy
    }

    func doing(_ effect: String) -> SettingDefinition {
        var copy = self
        copy.effect = effect
        return copy
    }

    /// Every form of the flag.
    var names: [String] { [flag, opposite, short].compactMap { $0 }.filter { !$0.isEmpty } }

    /// The effect with the default and the variables, as `--help` shows it.
    var summary: String {
        var text = effect
        if let defaultText { text += " (default: \(defaultText))" }
        if !variables.isEmpty { text += " [\(variables.joined(separator: ", "))]" }
        return text
    }
}

extension ArgumentHelp {
    /// The help of a defined setting.
    static func of(_ setting: SettingDefinition) -> ArgumentHelp {
        ArgumentHelp(setting.summary, valueName: setting.valueName)
    }
}

extension CompletionKind {
    /// The values that a shell offers for a defined setting.
    static func of(_ setting: SettingDefinition) -> CompletionKind {
        switch setting.valueName {
        case "folder": .directory
        case "file": .file()
        case "level": .list(Logger.Level.allCases.map(\.rawValue))
        default: .default
        }
    }
}
