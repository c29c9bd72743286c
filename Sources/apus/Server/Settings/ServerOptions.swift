internal import ArgumentParser

struct StorageOptions: ParsableArguments {
    @Option(help: .of(.dataDir), completion: .of(.dataDir)) var dataDir: String?
    @Option(help: .of(.backendStoreURI), completion: .of(.backendStoreURI)) var backendStoreUri: String?
    @Option(help: .of(.defaultArtifactRoot), completion: .of(.defaultArtifactRoot)) var defaultArtifactRoot: String?
    @Option(help: .of(.artifactsDestination), completion: .of(.artifactsDestination)) var artifactsDestination: String?
}

struct DataHandlingOptions: ParsableArguments {
    @Option(help: .of(.databaseLogLimit), completion: .of(.databaseLogLimit)) var databaseLogLimit: String?
    @Flag(inversion: .prefixedNo, help: .of(.serveArtifacts)) var serveArtifacts: Bool?
    @Flag(help: .of(.artifactsOnly)) var artifactsOnly = false
    @Flag(inversion: .prefixedNo, help: .of(.deduplicateArtifacts)) var deduplicateArtifacts: Bool?
    @Flag(inversion: .prefixedNo, help: .of(.audit)) var audit: Bool?
    @Option(help: .of(.auditRetention), completion: .of(.auditRetention)) var auditRetention: String?
}

struct SnapshotOptions: ParsableArguments {
    @Option(help: .of(.snapshotTo), completion: .of(.snapshotTo)) var snapshotTo: String?
    @Option(help: .of(.snapshotEvery), completion: .of(.snapshotEvery)) var snapshotEvery: String?
    @Option(help: .of(.snapshotKeep), completion: .of(.snapshotKeep)) var snapshotKeep: String?
}

struct ForwardOptions: ParsableArguments {
    @Option(help: .of(.upstream), completion: .of(.upstream)) var upstream: String?
    @Option(help: .of(.upstreamTokenCommand), completion: .of(.upstreamTokenCommand)) var upstreamTokenCommand: String?
    @Option(help: .of(.forwardDelay), completion: .of(.forwardDelay)) var forwardDelay: String?
    @Option(help: .of(.forwardArtifactRate), completion: .of(.forwardArtifactRate)) var forwardArtifactRate: String?
}

struct ListeningOptions: ParsableArguments {
    @Option(name: [.long, .customShort("h")], help: .of(.host), completion: .of(.host)) var host: String?
    @Option(name: [.long, .customShort("p")], help: .of(.port), completion: .of(.port)) var port: String?
    @Option(help: .of(.staticPrefix), completion: .of(.staticPrefix)) var staticPrefix: String?
    @Option(help: .of(.sslCertificate), completion: .of(.sslCertificate)) var sslCertfile: String?
    @Option(help: .of(.sslKey), completion: .of(.sslKey)) var sslKeyfile: String?
}

struct SecurityOptions: ParsableArguments {
    @Option(help: .of(.appName), completion: .of(.appName)) var appName: String?
    @Option(help: .of(.defaultPermission), completion: .of(.defaultPermission)) var defaultPermission: String?
    @Flag(inversion: .prefixedNo, help: .of(.requireToken)) var requireToken: Bool?
    @Option(help: .of(.allowedHosts), completion: .of(.allowedHosts)) var allowedHosts: String?
    @Option(help: .of(.corsAllowedOrigins), completion: .of(.corsAllowedOrigins)) var corsAllowedOrigins: String?
    @Option(help: .of(.xFrameOptions), completion: .of(.xFrameOptions)) var xFrameOptions: String?
    @Option(help: .of(.frameAncestors), completion: .of(.frameAncestors)) var frameAncestors: String?
    @Flag(help: .of(.disableSecurityMiddleware)) var disableSecurityMiddleware = false
}

struct ExternalUserOptions: ParsableArguments {
    @Option(help: .of(.publicURL), completion: .of(.publicURL)) var publicUrl: String?
    @Option(help: .of(.groupScopes), completion: .of(.groupScopes)) var groupScopes: String?
    @Option(help: .of(.trustProxyUser), completion: .of(.trustProxyUser)) var trustProxyUser: String?
    @Option(help: .of(.trustProxyGroups), completion: .of(.trustProxyGroups)) var trustProxyGroups: String?
    @Option(help: .of(.trustedProxies), completion: .of(.trustedProxies)) var trustedProxies: String?
    @Option(help: .of(.oidcIssuer), completion: .of(.oidcIssuer)) var oidcIssuer: String?
    @Option(help: .of(.oidcAudience), completion: .of(.oidcAudience)) var oidcAudience: String?
    @Option(help: .of(.oidcUserClaim), completion: .of(.oidcUserClaim)) var oidcUserClaim: String?
    @Option(help: .of(.oidcGroupsClaim), completion: .of(.oidcGroupsClaim)) var oidcGroupsClaim: String?
    @Option(help: .of(.oidcClientID), completion: .of(.oidcClientID)) var oidcClientId: String?
    @Option(help: .of(.oidcClientSecretFile), completion: .of(.oidcClientSecretFile)) var oidcClientSecretFile: String?
    @Option(help: .of(.oidcEndpointOrigins), completion: .of(.oidcEndpointOrigins)) var oidcEndpointOrigins: String?
    @Option(help: .of(.oidcConfig), completion: .of(.oidcConfig)) var oidcConfig: String?
}

struct LimitOptions: ParsableArguments {
    @Option(help: .of(.keepFree), completion: .of(.keepFree)) var keepFree: String?
    @Option(help: .of(.clientArtifacts), completion: .of(.clientArtifacts)) var clientArtifacts: String?
    @Option(help: .of(.serverArtifacts), completion: .of(.serverArtifacts)) var serverArtifacts: String?
    @Option(help: .of(.clientRuns), completion: .of(.clientRuns)) var clientRuns: String?
    @Option(help: .of(.serverRuns), completion: .of(.serverRuns)) var serverRuns: String?
    @Option(help: .of(.clientRequests), completion: .of(.clientRequests)) var clientRequests: String?
    @Option(help: .of(.serverRequests), completion: .of(.serverRequests)) var serverRequests: String?
    @Option(help: .of(.clientConnections), completion: .of(.clientConnections)) var clientConnections: String?
    @Option(help: .of(.clientUploads), completion: .of(.clientUploads)) var clientUploads: String?
    @Option(help: .of(.clientBodies), completion: .of(.clientBodies)) var clientBodies: String?
    @Option(help: .of(.clientAnswers), completion: .of(.clientAnswers)) var clientAnswers: String?
}

struct PagesOptions: ParsableArguments {
    @Option(help: .of(.pages), completion: .of(.pages)) var ui: String?
    @Option(help: .of(.pagesPath), completion: .of(.pagesPath)) var uiPath: String?
    @Flag(inversion: .prefixedNo, help: .of(.pagesDefaults)) var uiDefaults: Bool?
}

struct RequestHandlingOptions: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: .of(.recognizeRetries)) var recognizeRetries: Bool?
}

struct ProcessOptions: ParsableArguments {
    @Option(help: .of(.readyFile), completion: .of(.readyFile)) var readyFile: String?
    @Flag(help: .of(.reuse)) var reuse = false
    @Option(help: .of(.idleExit), completion: .of(.idleExit)) var idleExit: String?
    @Option(help: .of(.parentPid), completion: .of(.parentPid)) var parentPid: [String] = []
    @Option(help: .of(.logLevel), completion: .of(.logLevel)) var logLevel: String?
}
