internal import ArtifactStore
internal import Forwarding
internal import Logging
internal import MLflowClient
internal import Tracking
internal import TrackingStore

/// The settings of the upstream, the server that gets a copy of everything.
struct UpstreamSettings: Sendable {
    let client: UpstreamClient
    /// The longest time until a change arrives at an upstream that answers.
    let delay: Duration
    /// Identifies this server in calls, so that servers do not send data in a circle.
    let trail = ForwardTrail()

    private static let allowedDelays: ClosedRange<Duration> = .milliseconds(100)...(.seconds(3_600))

    /// - Returns: nil if no upstream is named.
    /// - Throws: `StartFailure` for invalid values.
    init?(_ options: ForwardOptions, _ environment: Environment) throws(StartFailure) {
        let command = environment.setting(.upstreamTokenCommand, options.upstreamTokenCommand)
        let delaySetting = environment.setting(.forwardDelay, options.forwardDelay)
        let rateSetting = environment.setting(.forwardArtifactRate, options.forwardArtifactRate)
        guard let upstream = environment.setting(.upstream, options.upstream) else {
            guard let given = command ?? delaySetting ?? rateSetting else { return nil }
            throw StartFailure("\(given.source) has an effect only with \(SettingDefinition.upstream.flag).")
        }
        let time = DurationArgument(argument: delaySetting?.text ?? "5s")
        guard let time, Self.allowedDelays.contains(time.duration) else {
            throw StartFailure("\(delaySetting?.quoted ?? ""): use a time of 100ms to 1h, such as 5s.")
        }
        delay = time.duration
        client = try Self.makeClient(upstream, command, rateSetting, trail, agent: "apus-forward")
    }

    /// Makes the client for an upstream from the operator's settings.
    ///
    /// - Parameters:
    ///   - command: the setting of the token command; nil if there is none.
    ///   - rate: the setting of the highest rate at which artifacts are sent; nil for no limit.
    ///   - idleTimeout: how long a call may wait without sending or receiving a byte; nil for 90 s.
    static func makeClient(
        _ upstream: Setting,
        _ command: Setting?,
        _ rate: Setting?,
        _ trail: ForwardTrail = ForwardTrail(),
        agent: String,
        idleTimeout: Duration? = nil
    ) throws(StartFailure) -> UpstreamClient {
        let bytes = try rate.map { setting throws(StartFailure) in
            guard let size = StorageSize(setting.text), size.bytes >= 1_024 else {
                throw StartFailure("\(setting.quoted): use 1KB a second or more, such as 10MB.")
            }
            return size.bytes
        }
        do throws(TrackingURIFault) {
            let connection = try TrackingConnection(upstream.text, agent: agent)
            let tokenCommand = command.map { UpstreamTokenCommand($0.text) }
            return UpstreamClient(connection, trail, tokenCommand, bytesPerSecond: bytes, idleTimeout: idleTimeout)
        } catch {
            let shown = TrackingURI.withoutSecrets(upstream.text)
            throw StartFailure("\(upstream.source) '\(shown)': \(error.detail). \(error.advice)")
        }
    }

    /// Makes the forwarder that sends the data of a store to this upstream.
    func forwarder(of store: TrackingStore, _ feed: ChangeFeed, _ roots: ServedRoots, _ logger: Logger) -> Forwarder {
        var settings = ForwardSettings { roots.folder(at: $0) }
        settings.delay = delay
        settings.report = { logger.warning("\($0)") }
        return Forwarder(store, feed, to: client, settings)
    }
}

extension ServedRoots {
    /// The folder at an artifact location; nil if it is outside of these roots.
    func folder(at location: String) -> ForwardFolder? {
        if location.hasPrefix("mlflow-artifacts:/"), !location.hasPrefix("mlflow-artifacts://") {
            return folder(location.dropFirst("mlflow-artifacts:/".count), beneath: destination)
        }
        let path = location.hasPrefix("file:") ? (try? ArtifactLocation(location).localPath) ?? "" : location
        for root in all where path.hasPrefix(root.location + "/") {
            return folder(path.dropFirst(root.location.count + 1), beneath: root)
        }
        return nil
    }

    private func folder(_ path: Substring, beneath root: any ArtifactStorage) -> ForwardFolder? {
        let segments = path.split(separator: "/").filter { $0 != "." }
        guard let path = try? ArtifactPath(segments.joined(separator: "/")) else { return nil }
        return ForwardFolder(root: root, path: path)
    }
}
