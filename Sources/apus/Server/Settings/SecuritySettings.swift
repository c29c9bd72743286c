internal import Coding
internal import HTTPServer
internal import MLflowAPI

/// The settings that say which requests are accepted.
struct SecuritySettings {
    /// Whether the Host and the Origin of requests are checked, and every answer has the header fields for security.
    let isEnabled: Bool
    let hosts: HostPolicy
    let origins: OriginPolicy
    /// The value of X-Frame-Options; nil leaves the field out.
    let frameOptions: String?
    /// The origins that may show the pages in a frame; nil if X-Frame-Options alone decides.
    let frameAncestors: FrameAncestors?
    /// Whether every request must have a credential.
    let requiresToken: Bool
    /// Whether the operator has allowed requests without credentials even to a database with users or tokens.
    let allowsEverybody: Bool
    /// The settings for users with passwords; nil if the server has no users.
    let accounts: AccountSettings?
    /// Whether the operator named the allowed hosts, which replaces the default ones.
    private let hasOwnHosts: Bool

    /// - Parameter prefix: the static prefix. Requests for `/health` and `/version` with any Host are accepted under it too.
    init(
        _ options: SecurityOptions,
        _ externalUsers: ExternalUserSettings = ExternalUserSettings(),
        prefix: String,
        _ environment: Environment
    ) throws(StartFailure) {
        let isDisabled = try environment.isOn(.disableSecurityMiddleware) ?? false
        isEnabled = !(options.disableSecurityMiddleware || isDisabled)
        accounts = try AccountSettings(options, environment)
        let requiresToken = try environment.isOn(.requireToken, options.requireToken)
        if requiresToken == false, let source = externalUsers.source {
            throw StartFailure("\(source) restricts who may use the server; leave it or --no-require-token out.")
        }
        self.requiresToken = requiresToken ?? (externalUsers.source != nil)
        allowsEverybody = requiresToken == false
        let named = environment.setting(.allowedHosts, options.allowedHosts)
        let allowed = try Self.list(
            named,
            "a host; allow names, addresses, *.example.com, 10.* or *",
            HostPolicy.isValidEntry
        )
        hasOwnHosts = !allowed.isEmpty
        let exempt = ["/health", "/version", prefix + "/health", prefix + "/version"]
        hosts = HostPolicy(allowedHosts: allowed, exemptPaths: exempt)
        let allowedOrigins = try Self.list(
            environment.setting(.corsAllowedOrigins, options.corsAllowedOrigins),
            "an origin; allow origins such as https://notebook.example, or *",
            OriginPolicy.isValidEntry
        )
        origins = OriginPolicy(allowedOrigins: allowedOrigins + (externalUsers.users.publicOrigin.map { [$0] } ?? []))
        let frameOptions = try Self.frameOptions(environment.setting(.xFrameOptions, options.xFrameOptions))
        let ancestors = environment.setting(.frameAncestors, options.frameAncestors)
        if let ancestors, frameOptions == "DENY" {
            throw StartFailure(
                "\(ancestors.source) allows frames that --x-frame-options DENY forbids; leave one of them out."
            )
        }
        if let ancestors { frameAncestors = try FrameAncestors(ancestors) } else { frameAncestors = nil }
        self.frameOptions = frameOptions
    }

    var requiresCredentials: Bool { requiresToken || accounts != nil }

    /// The credentials that requests need, and the default permission of users.
    var access: AccessSettings { AccessSettings(isRequired: requiresCredentials, defaultLevel: accounts?.defaultLevel) }

    /// One sentence about the Host fields that the server accepts.
    var hostRule: String {
        if !isEnabled { return "Requests with any Host and any Origin are answered." }
        let usual = "localhost or a private address (--allowed-hosts for others)"
        let hosts = hasOwnHosts ? "one of --allowed-hosts" : usual
        return "Only requests whose Host is \(hosts) are answered."
    }

    private static func frameOptions(_ setting: Setting?) throws(StartFailure) -> String? {
        guard let setting else { return "SAMEORIGIN" }
        switch setting.text.uppercased() {
        case "NONE": return nil
        case "SAMEORIGIN", "DENY": return setting.text.uppercased()
        default: throw StartFailure("\(setting.quoted) is no value of X-Frame-Options; use SAMEORIGIN, DENY or NONE.")
        }
    }

    private static func list(
        _ setting: Setting?,
        _ expected: String,
        _ isUnderstood: (String) -> Bool
    ) throws(StartFailure) -> [String] {
        guard let setting else { return [] }
        let entries = setting.text.split { $0 == "," || $0 == " " }.map(String.init)
        if let entry = entries.first(where: { !isUnderstood($0) }) {
            throw StartFailure("'\(entry.printable(limit: 200))' in \(setting.source) is not \(expected).")
        }
        return entries
    }
}
