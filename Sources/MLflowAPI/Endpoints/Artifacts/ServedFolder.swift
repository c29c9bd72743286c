internal import ArtifactStore
internal import Budgets
internal import Identities
internal import Tracking

/// The folder with the artifacts of a run or a model, inside a root that this server may open.
struct ServedFolder {
    var store: any ArtifactStorage
    var base: ArtifactPath

    /// Begins a walk through the folder at a path in this folder; the paths of the entries are relative to this folder.
    func walk(_ path: ArtifactPath = .root, after: String? = nil) throws(ArtifactError) -> ArtifactWalk {
        try store.walk(path, relativeTo: base, after: after, ifVanished: .skip)
    }
}

extension MLflowAPI {
    /// Returns the artifact folder of a run; throws the errors of `servedFolder(at:owner:for:to:)`.
    func servedFolder(of run: RunInfo, for caller: Caller, to action: PermittedAction) throws -> ServedFolder {
        try servedFolder(at: run.artifactURI, owner: "run \(run.runID)", for: caller, to: action)
    }

    /// Returns the artifact folder of a logged model; throws the errors of `servedFolder(at:owner:for:to:)`.
    func servedFolder(of model: LoggedModelInfo, for caller: Caller) throws -> ServedFolder {
        try servedFolder(at: model.artifactURI, owner: "logged model \(model.modelID)", for: caller, to: .read)
    }

    /// Returns the folder for an artifact URI, which a client may have chosen, if the operator has allowed that folder.
    ///
    /// - Parameter owner: the run or model that owns the artifacts, for the message.
    /// - Throws: `.invalidParameterValue` for any other location, with the flag to set in the message;
    ///   `.permissionDenied` if the caller may not perform the action on all artifacts in the folder.
    func servedFolder(
        at uri: String,
        owner: @autoclosure () -> String,
        for caller: Caller,
        to action: PermittedAction
    ) throws -> ServedFolder {
        let folder = try folder(at: uri, owner: owner())
        try requirePermission(action, at: folder.base, in: folder.store, for: caller)
        return folder
    }

    /// Returns the folder as `servedFolder(at:owner:for:to:)` does, without a check of permissions.
    func folder(at uri: String, owner: @autoclosure () -> String) throws -> ServedFolder {
        let location = ArtifactLocation(uri)
        switch location.scheme {
        case "mlflow-artifacts":
            try requireServing()
            return ServedFolder(store: artifacts, base: try proxiedPath(of: location))
        case "http", "https":
            guard let path = Self.routedPath(of: location) else { throw Self.notServed(uri, owner()) }
            try requireServing()
            return ServedFolder(store: artifacts, base: try Self.artifactPath(path))
        case nil, "file":
            let path = location.scheme == nil ? uri : try location.localPath
            guard let folder = try localFolder(path) else { throw Self.notServed(uri, owner()) }
            return folder
        case "s3":
            guard let folder = try localFolder(uri) else { throw Self.notServed(uri, owner()) }
            return folder
        default:
            throw Self.notServed(uri, owner())
        }
    }

    /// The path in `mlflow-artifacts:/<path>`; a URI with a host is meant for another server.
    private func proxiedPath(of location: ArtifactLocation) throws -> ArtifactPath {
        let rest = location.uri.dropFirst("mlflow-artifacts:".count)
        guard !rest.hasPrefix("//") || rest.hasPrefix("///") else {
            throw TrackingError.invalidParameter(
                "The artifact location '\(location.uri)' names a host; this server serves 'mlflow-artifacts:/' only."
            )
        }
        return try Self.artifactPath(rest)
    }

    /// Returns the part after the route in `http://<host>/api/2.0/mlflow-artifacts/artifacts/<path>`, by which
    /// `--default-artifact-root` may name this server; nil for every other URL.
    ///
    /// As in MLflow, the host is not compared, because clients may know the server by many names; experiments/create
    /// refuses such a location.
    private static func routedPath(of location: ArtifactLocation) -> String? {
        let url = location.uri.prefix { $0 != "?" && $0 != "#" }
        guard let route = url.firstRange(of: "/api/2.0/mlflow-artifacts/artifacts/") else { return nil }
        return String(url[route.upperBound...])
    }

    /// Returns the path of a stored location; removes doubled slashes, because another server may have allowed them.
    private static func artifactPath(_ path: some StringProtocol) throws(ArtifactError) -> ArtifactPath {
        let segments = path.split(separator: "/").filter { $0 != "." }
        return try ArtifactPath(segments.joined(separator: "/"))
    }

    /// Returns the folder for a path or a URI; nil if it is not beneath one of the operator's roots.
    private func localFolder(_ path: String) throws -> ServedFolder? {
        for root in settings.artifactRoots {
            if path.isExactly(root.path) { return ServedFolder(store: root.store, base: .root) }
            let prefix = root.path + "/"
            if path.utf8.starts(with: prefix.utf8) {
                let rest = String(decoding: path.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
                return ServedFolder(store: root.store, base: try Self.artifactPath(rest))
            }
        }
        return nil
    }

    private static func notServed(_ uri: String, _ owner: String) -> TrackingError {
        .invalidParameter(
            "The artifacts of \(owner) are at '\(uri)', which this server does not open. It opens "
                + "only what is beneath the locations that `--default-artifact-root` and `--artifacts-destination` name."
        )
    }
}
