internal import Tracking

/// The folders of artifacts of experiments that have other ids at the target than at the source.
///
/// The folder with the number that an experiment has at the source belongs to another experiment of the target, whose rights
/// would count for the files. So files go into the folder with the new number, as those of new runs do.
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
    /// The runs and models that an earlier import has left in the folder with the old number.
    private var kept: Set<ExactText> = []

    mutating func learn(_ mappings: [ExperimentMapping]) {
        for mapping in mappings { ids[String(mapping.source)] = String(mapping.id) }
    }

    /// The move of the folder that a location is in; nil if it stays.
    func move(of location: String) -> Move? {
        guard location.hasPrefix(Self.scheme) else { return nil }
        let old = String(location.dropFirst(Self.scheme.utf8.count).prefix { $0 != "/" })
        return ids[old].map { Move(old: old, new: $0) }
    }

    /// Notes that the files of a run or model stay where they are.
    mutating func keep(_ id: String) { kept.insert(ExactText(id)) }

    /// The location that a version of a model has after the import, in the folder of a run or model that came before it.
    func location(ofVersion location: String) -> String {
        guard let move = move(of: location) else { return location }
        let isKept = location.split(separator: "/").contains { kept.contains(ExactText(String($0))) }
        return isKept ? location : move.location(location)
    }
}
