internal import ArgumentParser
internal import Coding

/// The flags of `mlflow server` in a command line that have no effect here or are refused.
///
/// They are removed before ArgumentParser parses the rest. As properties of the command they would cost time at every start,
/// because ArgumentParser inspects each property by reflection.
struct MLflowServerFlags {
    /// The command line without these flags and their values.
    private(set) var rest: [String] = []
    /// The values that were given, by the name of the flag.
    private var given: [String: String] = [:]

    private static let settings = SettingDefinition.withoutEffect + SettingDefinition.refused
    /// The flags whose values are command lines, which may begin with a dash.
    private static let flagsWithDashes: Set = ["--gunicorn-opts", "--uvicorn-opts", "--waitress-opts"]

    /// - Throws: `ValidationError` for a flag without its value.
    init(_ arguments: some Sequence<String>) throws {
        var remaining = Array(arguments)[...]
        while let argument = remaining.popFirst() {
            if argument == "--" {
                rest.append(argument)
                break
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard argument.hasPrefix("-"), let name = parts.first.map(String.init),
                let setting = Self.settings.first(where: { $0.names.contains(name) }),
                setting.valueName != nil || parts.count == 1
            else {
                rest.append(argument)
                continue
            }
            if setting.valueName == nil {
                given[setting.flag] = name == setting.opposite ? "false" : "true"
            } else {
                given[setting.flag] = try parts.count > 1 ? String(parts[1]) : Self.value(of: setting, &remaining)
            }
        }
        rest += remaining
    }

    private static func value(of setting: SettingDefinition, _ remaining: inout ArraySlice<String>) throws -> String {
        let isValue = remaining.first.map { !$0.hasPrefix("-") || $0 == "-" || flagsWithDashes.contains(setting.flag) }
        guard isValue == true, let value = remaining.popFirst() else {
            throw ValidationError("Missing value for '\(setting.flag) <\(setting.valueName ?? "")>'")
        }
        return value
    }

    /// One line for each given flag or variable that has no effect here.
    func remarks(_ environment: Environment) -> [String] {
        SettingDefinition.withoutEffect.compactMap { definition in
            environment.setting(definition, given[definition.flag])
                .map { "apus: \($0.source) has no effect here: \(definition.effect)." }
        }
    }

    /// The certificate and key files that the options for uvicorn name.
    ///
    /// - Throws: `StartFailure` if the options of a Python server ask for other settings of https, because the server
    ///   must not serve plain http, or with less security than was asked for.
    func encryption(_ environment: Environment) throws(StartFailure) -> (certificate: Setting?, key: Setting?) {
        if let setting = setting(.gunicornOptions, environment),
            let option = PythonServerOptions(setting.text).first(where: PythonServerOptions.isAboutEncryption)
        {
            throw StartFailure(
                "\(setting.source) asks for https (\(option.name.printable(limit: 60))): give the files to --ssl-certfile and "
                    + "--ssl-keyfile instead."
            )
        }
        guard let setting = setting(.uvicornOptions, environment) else { return (nil, nil) }
        let options = PythonServerOptions(setting.text)
        let supported = [SettingDefinition.sslCertificate.flag, SettingDefinition.sslKey.flag]
        let isUnsupported = { PythonServerOptions.isAboutEncryption($0) && !supported.contains($0.name) }
        if let option = options.first(where: isUnsupported) {
            throw StartFailure(
                "\(setting.source) asks for \(option.name.printable(limit: 60)), which is not supported. The only options for "
                    + "https are --ssl-certfile and --ssl-keyfile, with a key without a password. Leave it out."
            )
        }
        let files = supported.map { name in
            options.last { $0.name == name }.map { Setting(source: "\(setting.source) \(name)", text: $0.value) }
        }
        return (files[0], files[1])
    }

    private func setting(_ definition: SettingDefinition, _ environment: Environment) -> Setting? {
        environment.setting(definition, given[definition.flag])
    }

    /// Throws if there is a setting that the server does not support and must not ignore.
    ///
    /// - Parameter storage: the options with the database, which must also be the store of the model registry.
    func refuseUnsupported(_ environment: Environment, _ storage: StorageOptions) throws(StartFailure) {
        try refuseWorkspaces(environment)
        if let source = try source(of: .artifactsPresignedOnly, environment) {
            throw StartFailure(
                "\(source) is not supported: this server accepts artifacts itself too. "
                    + "Leave it out, or use --no-serve-artifacts with a --default-artifact-root that clients reach."
            )
        }
        try refuseSecondStore(environment, storage)
    }

    private func refuseWorkspaces(_ environment: Environment) throws(StartFailure) {
        guard let source = try source(of: .workspaces, environment) else { return }
        throw StartFailure(
            "\(source) is not supported: Apus does not separate workspaces. Leave it out, and start a server for each "
                + "with a --data-dir of its own."
        )
    }

    /// The flag or variable that turns a switch on; nil when it is off.
    private func source(of definition: SettingDefinition, _ environment: Environment) throws(StartFailure) -> String? {
        let flag = given[definition.flag].map { $0 == "true" }
        guard try environment.isOn(definition, flag) == true else { return nil }
        return flag == nil ? environment.setting(definition)?.source : definition.flag
    }

    private func refuseSecondStore(_ environment: Environment, _ storage: StorageOptions) throws(StartFailure) {
        let definition = SettingDefinition.registryStoreURI
        guard let setting = environment.setting(definition, given[definition.flag]) else { return }
        if let backend = environment.setting(.backendStoreURI, storage.backendStoreUri), backend.text == setting.text {
            return
        }
        var database = ""
        if try PostgresURI.find(storage, environment) == nil {
            let path = try StorageLayout.database(storage, environment).path
            let folder = try StorageLayout.currentFolder()
            // A URI that cannot be understood counts as another store.
            if let store = try? StoreURI(setting, folder), store.path == path { return }
            database = ", \(path)"
        }
        throw StartFailure(
            "\(setting.source) names another store than that of the runs: Apus keeps runs and registered models in one "
                + "database\(database). Leave it out."
        )
    }
}
