internal import ArtifactStore
internal import Files
internal import MLflowClient
internal import PostgreSQL
internal import SQLite

/// The value of `--to`: the address of a server or of a database of PostgreSQL, or a data folder, which a server may have open.
struct ImportDestination {
    private let text: String
    private let workingDirectory: String
    private let artifacts: String?
    /// A line for the user about the folder of the artifacts; nil if it exists already, or artifacts are in a bucket.
    let hint: String?
    private let way: AdoptionWay

    /// - Parameters:
    ///   - given: the value of the flag; nil for the data folder that a server uses by default.
    ///   - artifacts: where the servers of a database keep artifacts; nil if no artifacts are imported into it.
    ///   - way: whether files are copied into a folder, or share disk space with those of the source.
    /// - Throws: `StartFailure` if `artifacts` is neither a folder nor a bucket.
    init(_ given: String?, _ workingDirectory: String, artifacts: String?, _ way: AdoptionWay) throws(StartFailure) {
        self.artifacts = artifacts
        hint = try artifacts.flatMap { text throws(StartFailure) in try ArtifactTarget.hint(text, workingDirectory) }
        text = given ?? Environment.process["APUS_DATA_DIR"] ?? "apus-data"
        self.workingDirectory = workingDirectory
        self.way = way
    }

    /// Whether the source of the import is this data folder itself.
    func isFolder(_ source: String) -> Bool {
        guard !text.contains("://"), !source.contains("://"),
            let identity = FileIdentity(path: StorageLayout.absolute(text, workingDirectory))
        else { return false }
        return FileIdentity(path: StorageLayout.absolute(source, workingDirectory)) == identity
            && FileKind(StorageLayout.absolute(text + "/apus.db", workingDirectory)) == .file
    }

    func open() throws -> any ImportTarget {
        if PostgresAddress.hasScheme(text) {
            let address = try PostgresAddress(text)
            return try DatabaseTarget(
                address,
                artifacts: try artifacts.map { try ArtifactTarget($0, workingDirectory, by: way) }
            )
        }
        if text.contains("://") {
            try requireCopying()
            return ServerTarget(try TrackingConnection(text, agent: "apus-import"))
        }
        try StorageLayout.refuseAddress(Setting(source: "--to", text: text), workingDirectory, flag: "--to")
        let folder = StorageLayout.absolute(text, workingDirectory)
        try BackupFolder.refuse(asDataFolder: folder)
        do {
            return try FolderTarget(folder, by: way)
        } catch let failure as StartFailure {
            // If a server on this machine has the folder open, the records are sent to it.
            guard case .known(let owner) = failure.owner, owner.isOnThisMachine, let reachable = ReachableOwner(owner)
            else { throw failure }
            try requireCopying()
            return ServerTarget(try TrackingConnection(ownerAt: reachable, agent: "apus-import"))
        }
    }

    private func requireCopying() throws {
        if case .link = way {
            throw ImportFailure(
                "--link is for a data folder that no server has open: files are sent to a server and cannot be linked."
            )
        }
    }
}
