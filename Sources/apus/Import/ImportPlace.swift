internal import ArtifactStore
internal import Files
internal import MLflowClient
internal import SQLite

/// The place that an import goes to: a server by its address, or a folder, whether or not a server holds it.
struct ImportPlace {
    private let text: String
    private let workingDirectory: String
    private let way: AdoptionWay

    /// - Parameter place: nil for the data folder that a server uses without settings.
    init(_ place: String?, _ workingDirectory: String, _ way: AdoptionWay) {
        text = place ?? Environment.process["APUS_DATA_DIR"] ?? "apus-data"
        self.workingDirectory = workingDirectory
        self.way = way
    }

    /// Whether a source is the folder that the import goes to.
    func isFolder(_ source: String) -> Bool {
        guard !text.contains("://"), !source.contains("://"),
            let identity = FileIdentity(path: StorageLayout.absolute(text, workingDirectory))
        else { return false }
        return FileIdentity(path: StorageLayout.absolute(source, workingDirectory)) == identity
            && FileKind(StorageLayout.absolute(text + "/apus.db", workingDirectory)) == .file
    }

    func open() throws -> any ImportTarget {
        if text.contains("://") {
            try requireCopying()
            return ServerTarget(try TrackingConnection(text, agent: "apus-import"))
        }
        let folder = StorageLayout.absolute(text, workingDirectory)
        try BackupFolder.refuse(asDataFolder: folder)
        do {
            return try FolderTarget(folder, by: way)
        } catch let failure as StartFailure {
            // The server that holds the folder takes the records.
            guard case .known(let owner) = failure.owner, owner.isOnThisMachine, let place = ReachableOwner(owner)
            else {
                throw failure
            }
            try requireCopying()
            return ServerTarget(try TrackingConnection(ownerAt: place, agent: "apus-import"))
        }
    }

    private func requireCopying() throws {
        if case .link = way {
            throw ImportFailure("--link is for a data folder that no server holds: a server is sent the files.")
        }
    }
}
