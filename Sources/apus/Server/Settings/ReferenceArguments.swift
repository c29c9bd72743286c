internal import ArgumentParser

/// The arguments of a command line that are flags of `mlflow server` without use here, taken out before the others are parsed.
///
/// ArgumentParser inspects each of its properties by reflection at every start; this table avoids that cost.
struct ReferenceArguments {
    /// The command line without them.
    private(set) var rest: [String] = []
    /// The values that were given, by the name of the flag.
    private var given: [String: String] = [:]

    private static let settings = SettingDefinition.withoutEffect + SettingDefinition.refused
    /// Their values are command lines, and begin with a dash.
    private static let takingDashes: Set = ["--gunicorn-opts", "--uvicorn-opts", "--waitress-opts"]

    /// - Throws: `ValidationError` for a flag without its value.
    init(_ arguments: some Sequence<String>) throws {
        var left = Array(arguments)[...]
        while let argument = left.popFirst() {
            if argument == "--" {
                rest.append(argument)
                break
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard argument.hasPrefix("-"), let name = parts.first.map(String.init),
                let setting = Self.settings.first(where: { $0.names.contains(name) }),
                setting.value != nil || parts.count == 1
            else {
                rest.append(argument)
                continue
            }
            if setting.value == nil {
                given[setting.flag] = name == setting.opposite ? "false" : "true"
            } else {
                given[setting.flag] = try parts.count > 1 ? String(parts[1]) : Self.value(of: setting, &left)
            }
        }
        rest += left
    }

    private static func value(of setting: SettingDefinition, _ left: inout ArraySlice<String>) throws -> String {
        let isValue = left.first.map { !$0.hasPrefix("-") || $0 == "-" || takingDashes.contains(setting.flag) }
        guard isValue == true, let value = left.popFirst() else {
            throw ValidationError("Missing value for '\(setting.flag) <\(setting.value ?? "")>'")
        }
        return value
    }

    /// One line for each flag and variable that does nothing here.
    func remarks(_ environment: Environment) -> [String] {
        SettingDefinition.withoutEffect.compactMap { definition in
            environment.setting(definition, given[definition.flag])
                .map { "apus: \($0.source) does nothing here: \(definition.effect)." }
        }
    }

    /// Refuses to serve plain http where the options of a Python server ask for https.
    func refuseEncryption(_ environment: Environment) throws(StartFailure) {
        for definition in [SettingDefinition.gunicornOptions, .uvicornOptions] {
            guard let setting = environment.setting(definition, given[definition.flag]) else { continue }
            let words = setting.text.split { $0 == " " || $0 == "=" }
            guard let word = words.first(where: Self.isAboutEncryption) else { continue }
            throw StartFailure(
                "\(setting.source) asks for https (\(word.printable(limit: 60))), which Apus does not speak: leave it out "
                    + "and put a proxy in front that does."
            )
        }
    }

    private static func isAboutEncryption(_ option: Substring) -> Bool {
        option.hasPrefix("--ssl") || ["--certfile", "--keyfile", "--ca-certs", "--cert-reqs"].contains(option)
    }

    /// Refuses settings that the server cannot honour and must not ignore.
    ///
    /// - Parameter storage: where the data lies, to compare the registry's store with.
    func refuseUnhonoured(_ environment: Environment, _ storage: StorageOptions) throws(StartFailure) {
        try refuseAccessControl(environment)
        if let source = try source(of: .artifactsPresignedOnly, environment) {
            throw StartFailure(
                "\(source) cannot be honoured: there are no presigned URLs here, and artifacts go through this server. "
                    + "Leave it out, or use --no-serve-artifacts with a --default-artifact-root that clients reach."
            )
        }
        try refuseSecondStore(environment, storage)
    }

    private func refuseAccessControl(_ environment: Environment) throws(StartFailure) {
        if let name = given[SettingDefinition.appName.flag] {
            throw StartFailure(
                "--app-name \(name.printable(limit: 60)) cannot be honoured: Apus has no login. Leave it out, and put a "
                    + "proxy in front that asks for names and passwords."
            )
        }
        guard let source = try source(of: .workspaces, environment) else { return }
        throw StartFailure(
            "\(source) cannot be honoured: Apus does not keep workspaces apart. Leave it out, and start a server for each "
                + "with a --data-dir of its own."
        )
    }

    /// The flag or variable that turns a switch on; nil when it is off.
    private func source(
        of definition: SettingDefinition,
        _ environment: Environment
    ) throws(StartFailure) -> String? {
        let flag = given[definition.flag].map { $0 == "true" }
        guard try environment.isOn(definition, flag) == true else { return nil }
        return flag == nil ? environment.setting(definition)?.source : definition.flag
    }

    private func refuseSecondStore(_ environment: Environment, _ storage: StorageOptions) throws(StartFailure) {
        let definition = SettingDefinition.registryStoreURI
        guard let setting = environment.setting(definition, given[definition.flag]) else { return }
        let database = try StorageLayout.database(storage, environment).path
        let folder = try StorageLayout.currentFolder()
        // A URI that cannot be opened is another store, whatever is wrong with it.
        if let store = try? StoreURI(setting, folder), store.path == database { return }
        throw StartFailure(
            "\(setting.source) names another store than that of the runs: Apus keeps runs and registered models in one "
                + "database, \(database). Leave it out."
        )
    }
}
