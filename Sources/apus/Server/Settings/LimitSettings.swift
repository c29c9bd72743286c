internal import ArtifactStore
internal import Budgets
internal import Tracking

/// The limits of one client, and of all clients together.
struct LimitSettings {
    /// The free space that is kept on the disk of the artifacts; nil if uploads may fill the disk.
    let freeSpaceToKeep: FreeSpace.Amount?
    /// The most connections, uploads and bytes in memory that one client may use at once; nil for three quarters of the
    /// server's limit.
    let client: ClientLimits
    /// The most runs that one client, and all clients together, may store.
    let runs: RunQuota
    /// The most bytes of artifacts that one client may store, and all clients together; nil for no limit.
    let clientArtifactBytes: Int64?
    let serverArtifactBytes: Int64?
    let clientRequestsPerSecond: Int?
    let serverRequestsPerSecond: Int?

    /// Whether stored runs or artifacts are limited, so that they have to be counted.
    var countsStorage: Bool {
        runs.client != nil || runs.server != nil || clientArtifactBytes != nil || serverArtifactBytes != nil
    }

    init(_ options: LimitOptions, _ environment: Environment) throws(StartFailure) {
        freeSpaceToKeep = try KeepFreeSetting.amount(environment, options.keepFree)
        var client = ClientLimits()
        client.connections = try Self.count(environment.setting(.clientConnections, options.clientConnections))
        client.uploads = try Self.count(environment.setting(.clientUploads, options.clientUploads))
        client.bodyBytes = try Self.size(environment.setting(.clientBodies, options.clientBodies))
        client.answerBytes = try Self.size(environment.setting(.clientAnswers, options.clientAnswers))
        self.client = client
        runs = RunQuota(
            client: try Self.count(environment.setting(.clientRuns, options.clientRuns)).map(Int64.init),
            server: try Self.count(environment.setting(.serverRuns, options.serverRuns)).map(Int64.init)
        )
        clientArtifactBytes = try Self.size(environment.setting(.clientArtifacts, options.clientArtifacts))
            .map(Int64.init)
        serverArtifactBytes = try Self.size(environment.setting(.serverArtifacts, options.serverArtifacts))
            .map(Int64.init)
        clientRequestsPerSecond = try Self.count(environment.setting(.clientRequests, options.clientRequests))
        serverRequestsPerSecond = try Self.count(environment.setting(.serverRequests, options.serverRequests))
    }

    /// Throws if a quota for each client is set although the server does not know its clients.
    func requireKnownClients(requiresCredentials: Bool) throws(StartFailure) {
        guard !requiresCredentials, clientArtifactBytes != nil || runs.client != nil else { return }
        let (flag, other) =
            clientArtifactBytes != nil
            ? (SettingDefinition.clientArtifacts.flag, SettingDefinition.serverArtifacts.flag)
            : (SettingDefinition.clientRuns.flag, SettingDefinition.serverRuns.flag)
        throw StartFailure(
            "\(flag) limits what each user or token stores, but this server asks for no credentials. Add --require-token or "
                + "--app-name basic-auth, or use \(other)."
        )
    }

    private static func count(_ setting: Setting?) throws(StartFailure) -> Int? {
        guard let setting else { return nil }
        guard let count = Int(setting.text), (1...1_000_000_000).contains(count) else {
            throw StartFailure("\(setting.quoted) is not a limit; use a number from 1 to 1000000000, or leave it out.")
        }
        return count
    }

    private static func size(_ setting: Setting?) throws(StartFailure) -> Int? {
        guard let setting else { return nil }
        guard let size = StorageSize(setting.text), size.bytes > 0 else {
            throw StartFailure("\(setting.quoted) is not a limit; use a size such as 64MB or 20GB, or leave it out.")
        }
        return size.bytes
    }
}

/// The setting of `--keep-free`, the free space that is kept on the disk of the artifacts.
enum KeepFreeSetting {
    /// 100 MiB, or 5% of the disk if that is less.
    static let defaultAmount = FreeSpace.Amount.lesser(bytes: 100 * 1_048_576, percent: 5)

    /// The amount that the flag or its variable gives, or the default; nil if it is 0.
    static func amount(_ environment: Environment, _ given: String? = nil) throws(StartFailure) -> FreeSpace.Amount? {
        guard let setting = environment.setting(.keepFree, given) else { return defaultAmount }
        if setting.text.last == "%" {
            guard let percent = Int(setting.text.dropLast()), (0...90).contains(percent) else {
                throw StartFailure("\(setting.quoted) is not a part of a disk; use 0% to 90%.")
            }
            return percent == 0 ? nil : .percent(percent)
        }
        guard let size = StorageSize(setting.text) else {
            throw StartFailure("\(setting.quoted) is not a size; use one such as 500MB, 2GB or 5%, or 0 for none.")
        }
        return size.bytes == 0 ? nil : .bytes(Int64(size.bytes))
    }
}
