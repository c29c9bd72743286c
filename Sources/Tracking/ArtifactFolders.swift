/// Converts the URIs and paths by which clients may name a folder of artifacts to comparable paths.
package struct ArtifactFolders: Sendable {
    private let servedFolder: String
    private let otherNames: [String]

    /// - Parameters:
    ///   - served: the absolute path of the folder whose artifacts go through the server.
    ///   - otherNames: other paths of the same folder, such as its path without symbolic links.
    package init(served: String, otherNames: [String] = []) {
        servedFolder = normalisedPath(served)
        self.otherNames = otherNames.map(normalisedPath)
    }

    /// The absolute paths that a location may mean: its path and, if this contains `%`, also the percent-decoded path.
    ///
    /// Any other location, such as one in an object store, gets a path that differs from all local paths.
    func paths(of location: String) -> [String] {
        let path = path(of: location)
        guard path.utf8.contains(UInt8(ascii: "%")) else { return [path] }
        return [path, normalisedPath(String(decoding: fullyDecoded(Array(path.utf8)), as: UTF8.self))]
    }

    private func path(of location: String) -> String {
        let parts = LocationParts(location)
        switch parts.scheme {
        case "": return localPath(location)
        case "file": return localPath(String(parts.path))
        case "mlflow-artifacts": return pathInServedFolder(parts.path)
        case "http", "https":
            // The host is not compared, because clients can know this server by many names.
            if let route = parts.path.firstRange(of: "/mlflow-artifacts/artifacts/") {
                return pathInServedFolder(parts.path[route.upperBound...])
            }
        default: break
        }
        return normalisedPath("/\(parts.scheme):/\(parts.authority)/\(parts.path)")
    }

    private func pathInServedFolder(_ path: Substring) -> String {
        let segments = path.split(separator: "/").filter { $0 != "." && $0 != ".." }
        return servedFolder + segments.map { "/" + $0 }.joined()
    }

    private func localPath(_ text: String) -> String {
        let path = normalisedPath(text)
        for name in otherNames where ModelVersionSource.isLocalPath(path, within: name) {
            return pathInServedFolder(Substring(String(decoding: path.utf8.dropFirst(name.utf8.count), as: UTF8.self)))
        }
        return path
    }

    /// The path of a location, relative to the folder whose artifacts go through the server; nil for other locations.
    package static func servedPath(of location: String) -> String? {
        let path = ArtifactFolders(served: "/").path(of: location)
        return ["mlflow-artifacts", "http", "https"].contains(LocationParts(location).scheme) && !path.contains(":")
            ? path.split(separator: "/").joined(separator: "/") : nil
    }

    /// The path components of locations that may be ids of runs or logged models.
    ///
    /// Other runs and models do not matter, because a permanent removal deletes only folders whose path contains the id.
    package static func possibleOwners(in locations: [String]) -> [String] {
        let names = locations.flatMap { location in
            String(decoding: fullyDecoded(Array(location.utf8)), as: UTF8.self).split(separator: "/")
        }
        let ids = names.filter { $0.utf8.count <= maximumIDBytes && !$0.utf8.contains(0) }
        return Set(ids.prefix(maximumIDCount)).map { String($0) }.sorted()
    }

    /// The maximum length of an id in a store, in bytes, and the maximum number of ids that are looked up.
    private static let (maximumIDBytes, maximumIDCount) = (64, 100)

    /// The run or logged model in a location `runs:/<run id>/<path>` or `models:/<model id>`, and the path in its
    /// folder; nil for other locations.
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
