internal import ArgumentParser

/// Prints `docs/configuration.md`; `make docs` writes it.
struct ConfigurationPage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "configuration-page",
        abstract: "Print docs/configuration.md, made from the settings of this program.",
        shouldDisplay: false
    )

    func run() { StandardStream.output.write(Self.text) }

    /// The whole page without its last line break.
    static var text: String {
        let sections = SettingDefinition.serverGroups.map(section) + [mlflowFlagSections, commandSections]
        return ([opening] + sections).joined(separator: "\n\n")
    }

    private static let opening = """
        # Configuration

        `make docs` writes this page from the program itself: change `Sources/apus/Server/Settings`, not this file.

        `apus server` (or `apus ui`) takes the flags of `mlflow server` and some of its own. An environment variable can be
        set instead of a flag; if both are set, the flag is used. Where a table lists two variables, the first one that is
        set is used. An empty variable counts as not set. The variable of a switch is `true`, `1`, `yes` or `on`, or `false`,
        `0`, `no` or `off`. If a value cannot be used, the server does not start, and prints one line that names the setting
        and the value. Sizes are bytes, or a number with `K`, `M` or `G` (`KB`, `KiB` and so on mean the same); units are
        powers of 1,024.
        """

    private static func section(_ group: (title: String, settings: [SettingDefinition])) -> String {
        var lines = ["## \(group.title)", "", "| flag | variable | default | what it does |", "|---|---|---|---|"]
        for setting in group.settings {
            let (defaultText, effect) = (cell(setting.defaultText ?? "none"), cell(setting.effect))
            lines.append("| \(flags(setting)) | \(variables(setting)) | \(defaultText) | \(effect) |")
        }
        return lines.joined(separator: "\n")
    }

    private static var mlflowFlagSections: String {
        """
        ## Flags of `mlflow server` that do nothing

        The server accepts these flags, so that start-up scripts work, and prints a line on standard error for each of them.

        \(table(SettingDefinition.withoutEffect))

        ## Flags of `mlflow server` that are refused

        The server does not start with these flags, because whoever sets them relies on something that Apus does not have.
        `--env-file` is refused too: set the variables in the environment. Options about https are refused as well: in
        `--uvicorn-opts` all except `--ssl-certfile` and `--ssl-keyfile`, in `--gunicorn-opts` all.

        \(table(SettingDefinition.refused))
        """
    }

    private static func table(_ settings: [SettingDefinition]) -> String {
        let rows = settings.map { "| \(flags($0)) | \(variables($0)) | \(cell($0.effect)) |" }
        return (["| flag | variable | why |", "|---|---|---|"] + rows).joined(separator: "\n")
    }

    private static var commandSections: String {
        let listed: [(String, any ParsableCommand.Type)] = [
            ("apus run", RunCommand.self), ("apus import", ImportCommand.self), ("apus export", ExportCommand.self),
            ("apus push", PushCommand.self), ("apus forward status", ForwardStatusCommand.self),
            ("apus forward retry", ForwardRetryCommand.self), ("apus forward skip", ForwardSkipCommand.self),
            ("apus backup", BackupCommand.self), ("apus restore", RestoreCommand.self),
            ("apus check", CheckCommand.self), ("apus gc", GarbageCollection.self), ("apus doctor", Doctor.self),
            ("apus artifacts stats", ArtifactStatistics.self),
        ]
        return listed.map { name, command in
            var help = Apus.helpMessage(for: command, columns: 110)
            while help.last == "\n" { help.removeLast() }
            return "## `\(name)`\n\n```text\n\(help)\n```"
        }.joined(separator: "\n\n")
    }

    private static func flags(_ setting: SettingDefinition) -> String {
        setting.names.map { "`\($0)`" }.joined(separator: ", ")
    }

    private static func variables(_ setting: SettingDefinition) -> String {
        setting.variables.map { "`\($0)`" }.joined(separator: ", ")
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|").replacing("*", with: "\\*") }
}
