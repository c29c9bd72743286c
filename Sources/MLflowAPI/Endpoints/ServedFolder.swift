internal import ArtifactStore
internal import Tracking

/// Where the artifacts of a run lie, as far as this server may open them.
struct ServedFolder {
    var store: ArtifactRoot
    var base: ArtifactPath
}

extension MLflowAPI {
    /// Resolves a run's artifact URI, which a client may have chosen, to a folder that the operator named.
    ///
    /// - Throws: `.invalidParameterValue` for a location that lies elsewhere; the message names the flag to set.
    func servedFolder(of run: RunInfo) throws -> ServedFolder {
        let location = ArtifactLocation(run.artifactURI)
        switch location.scheme {
        case "mlflow-artifacts":
            try requireServing()
            return ServedFolder(store: artifacts, base: try proxiedPath(of: location))
        case "http", "https":
            guard let path = Self.routedPath(of: location) else { throw notServed(run) }
            try requireServing()
            return ServedFolder(store: artifacts, base: try Self.folder(path))
        case nil:
            return try localFolder(run.artifactURI, of: run)
        case "file":
            return try localFolder(try location.localPath, of: run)
        default:
            throw notServed(run)
        }
    }

    /// `mlflow-artifacts:/<path>`; with a host, the URI is meant for another server.
    private func proxiedPath(of location: ArtifactLocation) throws -> ArtifactPath {
        let rest = location.uri.dropFirst("mlflow-artifacts:".count)
        guard !rest.hasPrefix("//") || rest.hasPrefix("///") else {
            throw TrackingError.invalidParameter(
                "The artifact location '\(location.uri)' names a host; this server serves 'mlflow-artifacts:/' only."
            )
        }
        return try Self.folder(rest)
    }

    /// What follows the route of proxied artifacts in `http://<host>/api/2.0/mlflow-artifacts/artifacts/<path>`, the
    /// form in which `--default-artifact-root` may name this server; nil for every other URL.
    ///
    /// The host is not compared, as in the reference: clients may know the server by many names, and experiments/create
    /// refuses such a location.
    private static func routedPath(of location: ArtifactLocation) -> String? {
        let url = location.uri.prefix { $0 != "?" && $0 != "#" }
        guard let route = url.firstRange(of: "/api/2.0/mlflow-artifacts/artifacts/") else { return nil }
        return String(url[route.upperBound...])
    }

    /// A stored location in its shortest form: who chose it may have doubled a slash, and need not have chosen it here.
    private static func folder(_ path: some StringProtocol) throws(ArtifactError) -> ArtifactPath {
        let segments = path.split(separator: "/").filter { $0 != "." }
        return try ArtifactPath(segments.joined(separator: "/"))
    }

    private func localFolder(_ path: String, of run: RunInfo) throws -> ServedFolder {
        for root in settings.artifactRoots {
            if path.isExactly(root.path) { return ServedFolder(store: root.store, base: .root) }
            let prefix = root.path + "/"
            if path.utf8.starts(with: prefix.utf8) {
                let rest = String(decoding: path.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
                return ServedFolder(store: root.store, base: try Self.folder(rest))
            }
        }
        throw notServed(run)
    }

    private func notServed(_ run: RunInfo) -> TrackingError {
        .invalidParameter(
            "The artifacts of run \(run.runID) lie at '\(run.artifactURI)', which this server does not open. It opens "
                + "local folders only beneath those named by `--default-artifact-root` or `--artifacts-destination`."
        )
    }
}
