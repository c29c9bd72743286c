internal import Coding
internal import JSON
internal import Tracking
internal import TrackingStore

extension RunCalls {
    /// The location of the artifacts of a run or model at the server; nil if the answer has none.
    ///
    /// - Parameter remoteID: the id of the run or model at the server.
    func artifactLocation(of owner: ForwardedFileOwner, as remoteID: String) throws(UpstreamFailure) -> String? {
        switch owner {
        case .run: try get("runs/get", [("run_id", remoteID)])["run"]?["info"]?["artifact_uri"]?.string
        case .loggedModel:
            try get("logged-models/\(PercentCoding.encode(remoteID))", [])["model"]?["info"]?["artifact_uri"]?.string
        }
    }
}

extension ApusUpstream {
    private static let scheme = "mlflow-artifacts:/"

    /// The location of a new run or model at the upstream, where its experiment may have another id.
    ///
    /// The local id of the experiment in the location is replaced, because the folder with that id belongs to another
    /// experiment at the upstream, whose permissions would apply to the files.
    static func location(_ location: String, from experiment: Int64, to remoteID: String) -> String {
        let folder = "\(scheme)\(experiment)/"
        guard remoteID != String(experiment), location.utf8.starts(with: folder.utf8) else { return location }
        return "\(scheme)\(remoteID)/\(location.dropFirst(folder.utf8.count))"
    }

    /// Asks for the location of the artifacts of a run or model at the upstream, because an earlier version of this server
    /// may have sent the local location.
    ///
    /// - Parameter local: the location in this store.
    func location(of owner: ForwardedFileOwner, _ remoteID: String, local: String) throws(UpstreamFailure) -> String {
        do throws(UpstreamFailure) {
            return try runs.artifactLocation(of: owner, as: remoteID) ?? local
        } catch let error where error.isAboutItem { return local }
    }

    /// The versions of a model; locations in folders of runs and logged models are replaced by those at the upstream.
    func relocated(_ versions: [TransferredModelVersion]) throws(UpstreamFailure) -> [TransferredModelVersion] {
        var cache: [String: String] = [:]
        var relocated: [TransferredModelVersion] = []
        for var version in versions {
            version.version.source = try location(ofFile: version.version.source, &cache)
            if let location = version.storageLocation {
                version.storageLocation = try self.location(ofFile: location, &cache)
            }
            relocated.append(version)
        }
        return relocated
    }

    /// - Parameter cache: the folders at the upstream that were looked up before, by the local folders.
    private func location(ofFile location: String, _ cache: inout [String: String]) throws(UpstreamFailure) -> String {
        let path = location.utf8.starts(with: Self.scheme.utf8) ? location.dropFirst(Self.scheme.utf8.count) : ""
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let end = names.firstIndex(of: "artifacts"), end > 1, Int64(names[0]) != nil else { return location }
        let folder = Self.scheme + names[...end].joined(separator: "/")
        if cache[folder] == nil {
            let id = String(names[end - 1])
            let owner = names[end - 2] == "models" ? ForwardedFileOwner.loggedModel(id) : .run(id)
            cache[folder] = try self.location(of: owner, id, local: folder)
        }
        return (cache[folder] ?? folder) + location.dropFirst(folder.utf8.count)
    }
}
