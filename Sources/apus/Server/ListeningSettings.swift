internal import HTTP

/// Where the server listens.
struct ListeningSettings {
    let host: String
    let port: Int
    /// Empty, or a path that begins with a slash and ends without one.
    let prefix: String

    init(_ options: ListeningOptions, _ environment: Environment) throws(StartFailure) {
        host = options.host ?? environment["MLFLOW_HOST"] ?? "127.0.0.1"
        let text = options.port ?? environment["MLFLOW_PORT"] ?? environment["PORT"] ?? "5000"
        guard let number = Int(text), (0...65_535).contains(number) else {
            throw StartFailure("'\(text)' is no port; use a number from 0 to 65535.")
        }
        port = number
        let path = options.staticPrefix ?? environment["MLFLOW_STATIC_PREFIX"] ?? ""
        // Printable ASCII alone: the prefix also stands in a Location field.
        let isPlain = path.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"{}?#%".utf8.contains($0) }
        guard path.isEmpty || path.hasPrefix("/") && !path.hasSuffix("/") && isPlain else {
            throw StartFailure(
                "The static prefix '\(path)' must begin with '/', not end with it, and hold neither spaces nor any of {}?#%, "
                    + "for example /mlflow."
            )
        }
        prefix = path
    }
}

/// Which requests are answered at all.
struct SecuritySettings {
    let isEnabled: Bool
    let hosts: HostPolicy
    let origins: OriginPolicy
    /// nil leaves the field out.
    let frameOptions: String?

    /// - Parameter prefix: the static prefix: probes of health and version are let in beneath it too.
    init(_ options: SecurityOptions, prefix: String, _ environment: Environment) throws(StartFailure) {
        let isDisabled = try environment.bool("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE") ?? false
        isEnabled = !(options.disableSecurityMiddleware || isDisabled)
        let allowed = Self.list(options.allowedHosts ?? environment["MLFLOW_SERVER_ALLOWED_HOSTS"])
        if let entry = allowed.first(where: { !HostPolicy.understands($0) }) {
            throw StartFailure("'\(entry)' is no host; allow names, addresses, *.example.com, 10.* or *.")
        }
        let exempt = ["/health", "/version", prefix + "/health", prefix + "/version"]
        hosts = HostPolicy(allowedHosts: allowed, exemptPaths: exempt)
        let origins = Self.list(options.corsAllowedOrigins ?? environment["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"])
        if let entry = origins.first(where: { !OriginPolicy.understands($0) }) {
            throw StartFailure("'\(entry)' is no origin; allow origins such as https://notebook.example, or *.")
        }
        self.origins = OriginPolicy(allowedOrigins: origins)
        let frames = options.xFrameOptions ?? environment["MLFLOW_SERVER_X_FRAME_OPTIONS"] ?? "SAMEORIGIN"
        switch frames.uppercased() {
        case "NONE": frameOptions = nil
        case "SAMEORIGIN", "DENY": frameOptions = frames.uppercased()
        default: throw StartFailure("'\(frames)' is no X-Frame-Options; use SAMEORIGIN, DENY or NONE.")
        }
    }

    private static func list(_ text: String?) -> [String] {
        (text ?? "").split { $0 == "," || $0 == " " }.map(String.init)
    }
}
