internal import ArtifactStore
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

    func open() throws -> any ImportTarget {
        if text.contains("://") { return try ServerTarget(TrackingURI(text), Environment.process) }
        let folder = StorageLayout.absolute(text, workingDirectory)
        do {
            return try FolderTarget(folder, by: way)
        } catch let failure as StartFailure {
            // The server that holds the folder takes the records.
            guard case .known(let owner) = failure.owner, owner.isOnThisMachine, let address = owner.address else {
                throw failure
            }
            return try ServerTarget(TrackingURI(address), Environment.process)
        }
    }
}
