internal import ArgumentParser

struct StorageOptions: ParsableArguments {
    @Option(help: .of(.dataDir)) var dataDir: String?
    @Option(help: .of(.backendStoreURI)) var backendStoreUri: String?
    @Option(help: .of(.databaseLogLimit)) var databaseLogLimit: String?
    @Option(help: .of(.defaultArtifactRoot)) var defaultArtifactRoot: String?
    @Option(help: .of(.artifactsDestination)) var artifactsDestination: String?
    @Flag(inversion: .prefixedNo, help: .of(.serveArtifacts)) var serveArtifacts: Bool?
    @Flag(help: .of(.artifactsOnly)) var artifactsOnly = false
    @Flag(inversion: .prefixedNo, help: .of(.deduplicateArtifacts)) var deduplicateArtifacts: Bool?
}

struct ListeningOptions: ParsableArguments {
    @Option(name: [.long, .customShort("h")], help: .of(.host)) var host: String?
    @Option(name: [.long, .customShort("p")], help: .of(.port)) var port: String?
    @Option(help: .of(.staticPrefix)) var staticPrefix: String?
}

struct SecurityOptions: ParsableArguments {
    @Option(help: .of(.allowedHosts)) var allowedHosts: String?
    @Option(help: .of(.corsAllowedOrigins)) var corsAllowedOrigins: String?
    @Option(help: .of(.xFrameOptions)) var xFrameOptions: String?
    @Option(help: .of(.frameAncestors)) var frameAncestors: String?
    @Flag(help: .of(.disableSecurityMiddleware)) var disableSecurityMiddleware = false
}

struct PagesOptions: ParsableArguments {
    @Option(help: .of(.pages)) var ui: String?
    @Option(help: .of(.pagesPath)) var uiPath: String?
    @Flag(inversion: .prefixedNo, help: .of(.pagesDefaults)) var uiDefaults: Bool?
}

struct AnsweringOptions: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: .of(.recognizeRetries)) var recognizeRetries: Bool?
}

struct StartingOptions: ParsableArguments {
    @Option(help: .of(.readyFile)) var readyFile: String?
    @Flag(help: .of(.reuse)) var reuse = false
    @Option(help: .of(.logLevel)) var logLevel: String?
}
