/// The artifact folders that a removal for good must not delete, because an object that stays needs them.
package struct ArtifactsInUse: Sendable {
    /// A run, logged model, experiment or model version that needs artifacts.
    package struct User: Sendable {
        package enum Name: Sendable {
            case thing(RemovalKind, id: String)
            case version(Int64, ofModel: String)
        }

        package var name: Name
        /// The experiment that it belongs to; nil for a version of a registered model.
        package var experimentID: Int64?

        package init(_ name: Name, experimentID: Int64? = nil) {
            self.name = name
            self.experimentID = experimentID
        }

        /// The name as it appears in messages, such as "the run 0123".
        package var text: String {
            switch name {
            case .thing(let kind, let id): "the \(kind.noun) \(id)"
            case .version(let number, let model): "version \(number) of the registered model '\(shortened(model))'"
            }
        }
    }

    /// The first user of a path, and the first user that belongs to another experiment.
    private struct Users {
        var first: User
        var other: User?

        mutating func add(_ user: User) {
            if other == nil, user.experimentID != first.experimentID { other = user }
        }

        func user(besides experimentID: Int64?) -> User? {
            experimentID == nil || first.experimentID != experimentID ? first : other
        }
    }

    private let folders: ArtifactFolders
    /// By the path of a folder: the users of the whole folder.
    private var usersAt: [String: Users] = [:]
    /// By the path of a folder: the users of the folder, or of a part of it.
    private var usersBeneath: [String: Users] = [:]
    /// By an id: the version whose location has the form `…/<id>/artifacts/…`.
    ///
    /// The part before the id is not compared, because the location may be another name of the folder.
    private var versionsByOwner: [String: User] = [:]

    package init(in folders: ArtifactFolders) {
        self.folders = folders
    }

    /// Adds a user that needs the whole folder at a location.
    package mutating func add(_ user: User, at location: String) {
        for path in folders.paths(of: location) {
            Self.add(user, path, &usersAt)
            for folder in Self.withFoldersAbove(path) { Self.add(user, String(folder), &usersBeneath) }
        }
        guard case .version = user.name else { return }
        let parts = location.split(separator: "/")
        for (owner, next) in zip(parts, parts.dropFirst()) where next == "artifacts" {
            versionsByOwner[String(owner)] = user
        }
    }

    /// Adds an experiment whose new runs will get their artifact folders in the folder at a location.
    package mutating func add(experiment id: Int64, at location: String) {
        let user = User(.thing(.experiment, id: String(id)), experimentID: id)
        for path in folders.paths(of: location) {
            for folder in Self.withFoldersAbove(path) { Self.add(user, String(folder), &usersBeneath) }
        }
    }

    /// The first user of the artifacts of a run or logged model, or of a part of them; nil if there is none.
    ///
    /// - Parameter experimentID: an experiment whose runs and models do not count, because they are removed as well.
    package func user(of id: String, at location: String, besides experimentID: Int64? = nil) -> User? {
        if let version = versionsByOwner[id] { return version }
        for path in folders.paths(of: location) {
            if let user = usersBeneath[path]?.user(besides: experimentID) { return user }
            for folder in Self.withFoldersAbove(path) {
                if let user = usersAt[String(folder)]?.user(besides: experimentID) { return user }
            }
        }
        return nil
    }

    private static func add(_ user: User, _ path: String, _ users: inout [String: Users]) {
        guard users[path] != nil else { return users[path] = Users(first: user) }
        users[path]?.add(user)
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
