internal import S3

/// A file beside the database that names the bucket in which the server keeps the artifacts.
///
/// A command that is called without the flags and the environment of the server finds the bucket by this file. Otherwise it
/// would look for artifacts in the folder beside the database, and find none.
struct ArtifactLocationFile {
    private static let longestText = 4_096

    private let path: String

    init(databasePath: String) { path = databasePath + ".artifacts" }

    /// The location as a URI; nil if the artifacts of the last server were in a folder.
    var uri: String? {
        let text = WholeFile.text(path, atMost: Self.longestText)?.filter { !$0.isNewline }
        return text == "" ? nil : text
    }

    /// Records where a server keeps artifacts from now on.
    ///
    /// - Parameter bucket: the bucket; nil if artifacts are kept in a folder.
    /// - Returns: the location that was recorded before, if it is a different one; otherwise nil.
    func write(_ bucket: S3Location?) throws(StartFailure) -> String? {
        let last = uri
        guard last != bucket?.uri else { return nil }
        guard let bucket else {
            WholeFile.remove(path)
            return last
        }
        do throws(WholeFile.Fault) {
            try WholeFile.write(Array((bucket.uri + "\n").utf8), to: path)
        } catch {
            throw StartFailure(
                "The file '\(path)', which names the bucket of the artifacts, cannot be written: \(error.reason)."
            )
        }
        return last
    }
}

extension StorageLayout {
    /// Throws if the last server kept the artifacts in a bucket, and no setting of this server says where artifacts are.
    ///
    /// If a flag or variable names another location, even the usual folder, the operator intends the change.
    func requireSameLocation() throws(StartFailure) {
        guard !namesArtifactLocation, let uri = ArtifactLocationFile(databasePath: databasePath).uri else { return }
        throw StartFailure(
            "The artifacts of '\(databasePath)' are in '\(uri)'. Start the server with --artifacts-destination '\(uri)' or with "
                + "MLFLOW_ARTIFACTS_DESTINATION; to keep artifacts in a folder from now on, without those in the bucket, name the "
                + "folder: --artifacts-destination '\(artifactsPath)'."
        )
    }

    /// Throws if the artifacts are in a bucket that neither a flag nor the environment names.
    func requireNamedLocation() throws(StartFailure) {
        guard !namesArtifactLocation, let uri = ArtifactLocationFile(databasePath: databasePath).uri else { return }
        throw StartFailure(
            "The server of '\(databasePath)' keeps its artifacts in '\(uri)'. Name it with --artifacts-destination "
                + "'\(uri)' or in MLFLOW_ARTIFACTS_DESTINATION, and set the variables of the server (AWS_ACCESS_KEY_ID and "
                + "others), so that this command finds them."
        )
    }

    /// Throws if the artifacts should be in a folder that does not exist.
    func requireArtifactFolder() throws(StartFailure) {
        if let fault = artifactFolderFault { throw fault }
    }

    /// The error if the folder of artifacts must exist and does not; otherwise nil.
    ///
    /// The folder must exist if a flag or variable names it, or if the data is in PostgreSQL. The folder beside a SQLite database
    /// may be absent, because it is created with its first file.
    var artifactFolderFault: StartFailure? {
        guard artifactBucket == nil, namesArtifactLocation || postgres != nil, FileKind(artifactsPath) != .folder else {
            return nil
        }
        return StartFailure(
            "There is no folder of artifacts at '\(artifactsPath)'. Name the folder or s3://BUCKET/PREFIX in which the servers of the "
                + "data keep artifacts with --artifacts-destination or in MLFLOW_ARTIFACTS_DESTINATION."
        )
    }

    /// The URI of the bucket that the settings name or, without settings, that the last server has recorded; nil if the
    /// artifacts are in a folder.
    var bucketURI: String? {
        artifactBucket?.uri ?? (namesArtifactLocation ? nil : ArtifactLocationFile(databasePath: databasePath).uri)
    }
}
