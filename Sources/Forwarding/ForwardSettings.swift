package import ArtifactStore

/// The settings of forwarding: delay, selection, folders of artifacts, time limits and messages.
package struct ForwardSettings: Sendable {
    /// The longest delay between a change and its arrival at an upstream that answers.
    package var delay = Duration.seconds(5)
    /// Which runs and experiments are sent; nil for everything.
    package var selection: ForwardSelection?
    /// Returns the folder of artifacts for a location; nil for a location that this server does not open.
    package var folder: @Sendable (_ location: String) -> ForwardFolder?
    /// The longest total time that one call waits because the upstream asks for pauses.
    package var longestWait = Duration.seconds(100)
    /// Receives messages for the operator.
    package var report: @Sendable (String) -> Void = { _ in }

    package init(folder: @escaping @Sendable (_ location: String) -> ForwardFolder?) { self.folder = folder }
}

/// The experiments or the runs that are sent, by their ids; nothing else is sent.
package enum ForwardSelection: Sendable {
    case experiments(Set<Int64>)
    case runs(Set<String>)
}

/// A folder of artifacts: a root, and the folder's path relative to the root.
package struct ForwardFolder: Sendable {
    package var root: any ArtifactStorage
    package var path: ArtifactPath

    package init(root: any ArtifactStorage, path: ArtifactPath) {
        self.root = root
        self.path = path
    }
}
