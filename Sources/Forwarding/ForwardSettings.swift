package import ArtifactStore

/// How forwarding is done.
package struct ForwardSettings: Sendable {
    /// How far an upstream may be behind while it answers.
    package var delay = Duration.seconds(5)
    /// Which runs and experiments are sent; nil for everything.
    package var selection: ForwardSelection?
    /// Finds the folder of artifacts for a location; nil for one that this server does not open.
    package var folder: @Sendable (_ location: String) -> ForwardFolder?
    /// How long the pauses of one call may be that the upstream asks for.
    package var patience = Duration.seconds(100)
    /// Receives messages for the operator.
    package var report: @Sendable (String) -> Void = { _ in }

    package init(folder: @escaping @Sendable (_ location: String) -> ForwardFolder?) {
        self.folder = folder
    }
}

/// Some experiments and runs.
package enum ForwardSelection: Sendable {
    case experiments(Set<Int64>)
    case runs(Set<String>)
}

/// A folder of artifacts beneath a root.
package struct ForwardFolder: Sendable {
    package var root: any ArtifactStorage
    package var path: ArtifactPath

    package init(root: any ArtifactStorage, path: ArtifactPath) {
        self.root = root
        self.path = path
    }
}
