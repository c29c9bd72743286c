/// The environment variables that `apus run` does not pass on to its server.
///
/// That server serves one command on this machine, at an address that `apus run` chooses. The variables for the address of
/// a server, its access control, its limits for clients and its pages are meant for other servers, and could make this
/// one unreachable for the command. The variables for the location, the retention and the upstream of data are passed on.
enum ForeignVariables {
    static let names = Set(settings.flatMap(\.variables)).union(ofServiceManager)

    private static let settings: [SettingDefinition] =
        [
            .artifactsOnly, .host, .port, .staticPrefix, .sslCertificate, .sslKey, .appName, .defaultPermission,
            .requireToken, .allowedHosts, .publicURL, .groupScopes, .trustProxyUser, .trustProxyGroups, .trustedProxies,
            .oidcIssuer, .oidcAudience, .oidcUserClaim, .oidcGroupsClaim, .oidcClientID, .oidcClientSecretFile,
            .oidcEndpointOrigins, .oidcConfig,
            .corsAllowedOrigins, .xFrameOptions, .frameAncestors, .disableSecurityMiddleware, .pages, .pagesPath,
            .pagesDefaults, .idleExit, .clientArtifacts, .serverArtifacts, .clientRuns, .serverRuns, .clientRequests,
            .serverRequests, .clientConnections, .clientUploads, .clientBodies, .clientAnswers,
        ] + SettingDefinition.withoutEffect + SettingDefinition.refused

    /// The variables that a service manager sets for `apus run`, which sets the first two to new values for its server.
    private static let ofServiceManager = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"]
}
