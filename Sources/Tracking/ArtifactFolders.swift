/// Recognises a folder of artifacts by all the texts that clients may have for it.
package struct ArtifactFolders: Sendable {
    private let served: String
    private let otherNames: [String]

    /// - Parameters:
    ///   - served: the absolute path of the folder whose artifacts go through the server.
    ///   - otherNames: more paths of the same folder, such as those without links.
    package init(served: String, otherNames: [String] = []) {
        self.served = normalisedPath(served)
        self.otherNames = otherNames.map(normalisedPath)
    }

    /// The absolute paths that a location may mean: as it stands and, where it has escapes, decoded too.
    ///
    /// A location of another kind, such as an object store, gets a path that no local one has.
    func paths(of location: String) -> [String] {
        let path = path(of: location)
        guard path.utf8.contains(UInt8(ascii: "%")) else { return [path] }
        return [path, normalisedPath(String(decoding: fullyDecoded(Array(path.utf8)), as: UTF8.self))]
    }

    private func path(of location: String) -> String {
        let parts = LocationParts(location)
        switch parts.scheme {
        case "": return local(location)
        case "file": return local(String(parts.path))
        case "mlflow-artifacts": return served(parts.path)
        case "http", "https":
            // The host is not compared: a server is known by many names.
            if let route = parts.path.firstRange(of: "/mlflow-artifacts/artifacts/") {
                return served(parts.path[route.upperBound...])
            }
        default: break
        }
        return normalisedPath("/\(parts.scheme):/\(parts.authority)/\(parts.path)")
    }

    private func served(_ path: Substring) -> String {
        let segments = path.split(separator: "/").filter { $0 != "." && $0 != ".." }
        return served + segments.map { "/" + $0 }.joined()
    }

    private func local(_ text: String) -> String {
        let path = normalisedPath(text)
        for name in otherNames where ModelVersionSource.isLocalPath(path, within: name) {
            return served(Substring(String(decoding: path.utf8.dropFirst(name.utf8.count), as: UTF8.self)))
        }
        return path
    }

    /// The path of a location within the folder whose artifacts go through the server; nil for one elsewhere.
    package static func servedPath(of location: String) -> String? {
        let path = ArtifactFolders(served: "/").path(of: location)
        return ["mlflow-artifacts", "http", "https"].contains(LocationParts(location).scheme) && !path.contains(":")
            ? path.split(separator: "/").joined(separator: "/") : nil
    }

    /// The run or logged model in whose folder a location `runs:/<run id>/…` or `models:/<model id>` lies; nil for others.
    package static func owner(in location: String) -> (kind: RemovalKind, id: String, path: String)? {
        let parts = LocationParts(location)
        guard parts.scheme == "runs" || parts.scheme == "models" else { return nil }
        // Clients also write `runs://<run id>/…`.
        let text = fullyDecoded(Array("\(parts.authority)\(parts.path)".utf8))
        let segments = String(decoding: text, as: UTF8.self).split(separator: "/")
        guard let id = segments.first, parts.scheme == "runs" || segments.count == 1 else { return nil }
        let path = segments.dropFirst().joined(separator: "/")
        return (parts.scheme == "runs" ? .run : .loggedModel, String(id), path)
    }
}
