/// The artifact folders that a permanent removal must not delete, because an object that is not removed needs them.
package struct ArtifactsInUse: Sendable {
    /// A run, logged model, experiment or model version that needs artifacts.
    package struct Dependent: Sendable {
        package enum Name: Sendable {
            case object(RemovalKind, id: String)
            case version(Int64, ofModel: String)
        }

        package var name: Name
        /// The experiment that the dependent belongs to; nil for a version of a registered model.
        package var experimentID: Int64?

        package init(_ name: Name, experimentID: Int64? = nil) {
            self.name = name
            self.experimentID = experimentID
        }

        /// The name as it appears in messages, such as "the run 0123".
        package var text: String {
            switch name {
            case .object(let kind, let id): "the \(kind.noun) \(id)"
            case .version(let number, let model): "version \(number) of the registered model '\(shortened(model))'"
            }
        }
    }

    /// The first dependent of a path, and the first one that does not belong to the same experiment as `first`.
    private struct Dependents {
        var first: Dependent
        var other: Dependent?

        mutating func add(_ dependent: Dependent) {
            if other == nil, dependent.experimentID != first.experimentID { other = dependent }
        }

        func dependent(outsideExperiment experimentID: Int64?) -> Dependent? {
            experimentID == nil || first.experimentID != experimentID ? first : other
        }
    }

    /// A location that names a run or a model by its id; the artifact location of that run or model must be looked up.
    typealias Reference = (dependent: Dependent, owner: (kind: RemovalKind, id: String, path: String))

    private let folders: ArtifactFolders
    /// The result of `RemovalTables.versionsMark` when the versions were added; nil before that.
    var versionsMark: String?
    /// By the path of a folder: the dependents of the whole folder.
    private var dependentsAt: [String: Dependents] = [:]
    /// By the path of a folder: the dependents of the folder, or of a part of it.
    private var dependentsBeneath: [String: Dependents] = [:]
    /// By an id: the version whose location has the form `…/<id>/artifacts/…`.
    ///
    /// The part before the id is not compared, because the location may be another name of the folder.
    private var versionsByOwner: [String: Dependent] = [:]

    package init(in folders: ArtifactFolders) { self.folders = folders }

    /// Adds a dependent that needs the whole folder at a location.
    package mutating func add(_ dependent: Dependent, at location: String) {
        for path in folders.paths(of: location) {
            Self.add(dependent, path, &dependentsAt)
            for folder in Self.withFoldersAbove(path) { Self.add(dependent, String(folder), &dependentsBeneath) }
        }
        guard case .version = dependent.name else { return }
        let parts = location.split(separator: "/")
        for (owner, next) in zip(parts, parts.dropFirst()) where next == "artifacts" {
            versionsByOwner[String(owner)] = dependent
        }
    }

    /// Adds a dependent that needs the whole folder at a location or, if the location names a run or a model by its id, adds to
    /// `references`.
    mutating func add(_ dependent: Dependent, at location: String, or references: inout [Reference]) {
        if let owner = ArtifactFolders.owner(in: location) {
            references.append((dependent, owner))
        } else {
            add(dependent, at: location)
        }
    }

    /// Adds an experiment whose new runs will get their artifact folders in the folder at a location.
    package mutating func add(experiment id: Int64, at location: String) {
        let dependent = Dependent(.object(.experiment, id: String(id)), experimentID: id)
        for path in folders.paths(of: location) {
            for folder in Self.withFoldersAbove(path) { Self.add(dependent, String(folder), &dependentsBeneath) }
        }
    }

    /// The first dependent of the artifacts of a run or logged model, or of a part of them; nil if there is none.
    ///
    /// - Parameter experimentID: an experiment whose runs and models do not count, because they are removed as well.
    package func dependent(
        on id: String,
        at location: String,
        outsideExperiment experimentID: Int64? = nil
    ) -> Dependent? {
        if let version = versionsByOwner[id] { return version }
        for path in folders.paths(of: location) {
            if let dependent = dependentsBeneath[path]?.dependent(outsideExperiment: experimentID) { return dependent }
            for folder in Self.withFoldersAbove(path) {
                if let dependent = dependentsAt[String(folder)]?.dependent(outsideExperiment: experimentID) {
                    return dependent
                }
            }
        }
        return nil
    }

    private static func add(_ dependent: Dependent, _ path: String, _ dependents: inout [String: Dependents]) {
        guard dependents[path] != nil else { return dependents[path] = Dependents(first: dependent) }
        dependents[path]?.add(dependent)
    }

    /// The path itself, and the paths of all folders that contain it.
    private static func withFoldersAbove(_ path: String) -> [Substring] {
        var folders = ["/", path[...]]
        var rest = path[...]
        while let slash = rest.utf8.lastIndex(of: UInt8(ascii: "/")), slash > rest.startIndex {
            rest = rest[..<slash]
            folders.append(rest)
        }
        return folders
    }
}
