internal import Coding

/// The run or logged model that artifacts belong to.
public enum ArtifactOwner: Sendable, Hashable {
    /// The run with this id.
    case run(String)
    /// The logged model with this id; needs a server of MLflow 3.
    case loggedModel(String)

    var id: String {
        switch self {
        case .run(let id), .loggedModel(let id): id
        }
    }
}

/// How the client reads and writes the files of a run or model.
enum ArtifactRoot: Sendable, Hashable {
    /// Through the tracking server, in the folder with this path. The path is empty or has a slash at its end.
    case served(String)
    /// In a storage with this URI; the server may give signed addresses for its files.
    case elsewhere(String)

    private static let servedPath = "/mlflow-artifacts/artifacts/"

    /// - Parameter uri: the artifact URI of a run or a model.
    init(_ uri: String) {
        let scheme = uri.prefix { $0 != ":" }
        let rest = uri.dropFirst(scheme.count + 1)
        switch scheme {
        case "mlflow-artifacts":
            // The host is ignored: it means the tracking server, which the client reaches at the tracking URI.
            let path = rest.hasPrefix("//") ? rest.dropFirst(2).drop { $0 != "/" } : rest
            self = .served(Self.folder(path))
        case "http", "https":
            if let servedPath = rest.firstRange(of: Self.servedPath) {
                self = .served(Self.folder(rest[servedPath.upperBound...]))
            } else {
                self = .elsewhere(uri)
            }
        default: self = .elsewhere(uri)
        }
    }

    private static func folder(_ path: Substring) -> String {
        let names = path.split(separator: "/")
        return names.isEmpty ? "" : names.joined(separator: "/") + "/"
    }

    /// Percent-encodes the names of a path, but not its slashes.
    static func encoded(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { PercentCoding.encode($0) }
            .joined(separator: "/")
    }
}
