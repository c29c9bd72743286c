/// The variables that a server of `apus run` does not get.
///
/// It serves a command of this machine at an address that `apus run` chooses. Where a server for others listens, whom it
/// answers, how much clients may use, and which pages it has, says nothing about this one, and could put it out of the command's reach. Where data
/// lies, how it is kept and where it is sent are the command's business, and stay.
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

    /// Those of the service in which `apus run` runs; it sets the first two itself.
    private static let ofServiceManager = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"]
}
