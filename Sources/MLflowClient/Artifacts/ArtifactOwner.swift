internal import Coding

/// To what files belong.
public enum ArtifactOwner: Sendable, Hashable {
    /// A run, by its id.
    case run(String)
    /// A logged model, by its id; needs a server of MLflow 3.
    case loggedModel(String)

    var id: String {
        switch self {
        case .run(let id), .loggedModel(let id): id
        }
    }
}

/// How the files of a run or a model are reached.
enum ArtifactRoot: Sendable, Hashable {
    /// Through the tracking server, beneath this path, which ends with a slash unless it is empty.
    case served(String)
    /// At a place that the server may give signed addresses for.
    case elsewhere(String)

    private static let servedMark = "/mlflow-artifacts/artifacts/"

    /// - Parameter uri: the artifact URI of a run or a model.
    init(_ uri: String) {
        let scheme = uri.prefix { $0 != ":" }
        let rest = uri.dropFirst(scheme.count + 1)
        switch scheme {
        case "mlflow-artifacts":
            // A host stands for the tracking server itself, by the name that it has for itself.
            let path = rest.hasPrefix("//") ? rest.dropFirst(2).drop { $0 != "/" } : rest
            self = .served(Self.folder(path))
        case "http", "https":
            if let mark = rest.firstRange(of: Self.servedMark) {
                self = .served(Self.folder(rest[mark.upperBound...]))
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

    /// A path as it stands in an address.
    static func encoded(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { PercentCoding.encode($0) }
            .joined(separator: "/")
    }
}
