internal import Tracking

/// The folders of artifacts of experiments whose ids at the target differ from those at the source.
///
/// The folder of an experiment is named by its id. At the target, the folder with the source's id belongs to a different
/// experiment, whose permissions would apply to the files. Therefore the files get the folder with the target's id, as
/// those of new runs do.
struct MovedFolders {
    /// The folder of an experiment at the source and the one at the target.
    struct Move {
        fileprivate let old: String
        fileprivate let new: String

        /// The path that an artifact has after the import, relative to the root of artifacts.
        func path(_ path: String) -> String {
            path.utf8.starts(with: (old + "/").utf8) ? new + String(path.dropFirst(old.utf8.count)) : path
        }

        /// The location that a run or model has after the import.
        func location(_ location: String) -> String {
            guard location.hasPrefix(MovedFolders.scheme) else { return location }
            return MovedFolders.scheme + path(String(location.dropFirst(MovedFolders.scheme.utf8.count)))
        }
    }

    fileprivate static let scheme = "mlflow-artifacts:/"

    /// The ids of experiments at the target, by those at the source.
    private var ids: [String: String] = [:]
    /// The runs and models whose files an earlier import has stored in the folder with the source's id.
    private var unmoved: Set<ExactText> = []

    mutating func add(_ mappings: [ExperimentMapping]) {
        for mapping in mappings { ids[String(mapping.source)] = String(mapping.id) }
    }

    /// The move of the folder that contains a location; nil if the folder keeps its name.
    func move(of location: String) -> Move? {
        guard location.hasPrefix(Self.scheme) else { return nil }
        let old = String(location.dropFirst(Self.scheme.utf8.count).prefix { $0 != "/" })
        return ids[old].map { Move(old: old, new: $0) }
    }

    /// Records that the files of a run or model stay in the folder with the source's id.
    mutating func markUnmoved(_ id: String) { unmoved.insert(ExactText(id)) }

    /// The location of a model version after the import: in the folder of a run or model that was imported before the version.
    func location(ofVersion location: String) -> String {
        guard let move = move(of: location) else { return location }
        let isUnmoved = location.split(separator: "/").contains { unmoved.contains(ExactText(String($0))) }
        return isUnmoved ? location : move.location(location)
    }
}
