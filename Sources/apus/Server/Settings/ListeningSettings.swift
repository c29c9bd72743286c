internal import Coding
internal import Files

/// The addresses and the path prefix at which the server listens.
struct ListeningSettings {
    let host: String
    let port: Int
    /// The static prefix: empty, or a path that begins with a slash and ends without one.
    let prefix: String
    /// The sockets that the parent of the process has opened, which replace the host and the port.
    let sockets: [Descriptor]
    /// The prefixes of all paths: the empty one and the static prefix.
    var bases: [String] { prefix.isEmpty ? [""] : ["", prefix] }
    /// One line for each setting that was ignored.
    let remarks: [String]

    init(_ options: ListeningOptions, _ environment: Environment, sockets: [Descriptor] = []) throws(StartFailure) {
        self.sockets = sockets
        host = try Self.host(environment.setting(.host, options.host))
        let variables = options.port == nil ? SettingDefinition.port.variables : []
        let serviceLinks = variables.filter { Self.isServiceLink(environment[$0]) }
        let linkRemarks = serviceLinks.map {
            "apus: \($0)=\(environment[$0]?.printable(limit: 200) ?? "") is ignored: Kubernetes makes it for a Service "
                + "of that name. Give the port with --port."
        }
        let withoutLinks = Environment { serviceLinks.contains($0) ? nil : environment[$0] }
        let portSetting = withoutLinks.setting(.port, options.port)
        port = try Self.port(portSetting)
        let unused = sockets.isEmpty ? [] : [environment.setting(.host, options.host), portSetting].compactMap { $0 }
        remarks =
            linkRemarks
            + unused.map { "apus: \($0.quoted) has no effect here: the process was given listening sockets." }
        prefix = try Self.prefix(environment.setting(.staticPrefix, options.staticPrefix))
    }

    /// Whether a text is a URL that Kubernetes writes to the variable `<NAME>_PORT` of containers for each Service.
    private static func isServiceLink(_ text: String?) -> Bool {
        ["tcp://", "udp://", "sctp://"].contains { text?.hasPrefix($0) == true }
    }

    private static func host(_ setting: Setting?) throws(StartFailure) -> String {
        guard let setting else { return "127.0.0.1" }
        guard !setting.text.isEmpty, !setting.text.contains("/") else {
            throw StartFailure(
                "\(setting.quoted) is not a host; give an address or a name, such as 127.0.0.1, 0.0.0.0 or localhost."
            )
        }
        return setting.text
    }

    private static func port(_ setting: Setting?) throws(StartFailure) -> Int {
        guard let setting else { return 5_000 }
        guard let number = Int(setting.text), (0...65_535).contains(number) else {
            throw StartFailure("\(setting.quoted) is not a port; use a number from 0 to 65535.")
        }
        return number
    }

    /// Checks a path prefix and returns it; empty if the setting is absent or empty.
    static func prefix(_ setting: Setting?) throws(StartFailure) -> String {
        guard let setting, !setting.text.isEmpty else { return "" }
        let path = setting.text
        // Only printable ASCII is allowed, because the prefix is also written into a Location field.
        let isPlain = path.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"{}?#%".utf8.contains($0) }
        guard path.hasPrefix("/"), !path.hasSuffix("/"), isPlain else {
            throw StartFailure(
                "\(setting.quoted) must begin with '/', not end with it, and contain neither spaces nor any of {}?#%, "
                    + "for example /mlflow."
            )
        }
        return path
    }
}
