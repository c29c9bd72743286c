internal import S3

/// A file beside the database that names the bucket in which the server keeps the artifacts.
///
/// Only the flags and the environment of the server say where artifacts are. A command that is called without them would
/// take the folder beside the database for the place of the artifacts, and would silently do without all of them.
struct ArtifactPlaceNote {
    private static let longestText = 4_096

    private let path: String

    init(databasePath: String) { path = databasePath + ".artifacts" }

    /// The location as a URI; nil if the artifacts of the last server were in a folder.
    var uri: String? {
        WholeFile.text(path, atMost: Self.longestText).map { $0.filter { !$0.isNewline } }.flatMap {
            $0.isEmpty ? nil : $0
        }
    }

    /// Notes the place in which a server keeps artifacts from now on.
    ///
    /// - Parameter bucket: nil if that is a folder.
    /// - Returns: the location that was noted before, if it is another one.
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
    /// Throws if a server would be started without the bucket in which the server before it kept the artifacts.
    ///
    /// A flag or variable that names another place, even the usual folder, shows that this is intended.
    func requireSamePlace() throws(StartFailure) {
        guard !namesArtifacts, let uri = ArtifactPlaceNote(databasePath: databasePath).uri else { return }
        throw StartFailure(
            "The artifacts of '\(databasePath)' are in '\(uri)'. Start the server with --artifacts-destination '\(uri)' or with "
                + "MLFLOW_ARTIFACTS_DESTINATION; to keep artifacts in a folder from now on, without those in the bucket, name the "
                + "folder: --artifacts-destination '\(artifactsPath)'."
        )
    }

    /// Throws if the artifacts are in a bucket that neither a flag nor the environment names.
    func requireNamedPlace() throws(StartFailure) {
        guard !namesArtifacts, let uri = ArtifactPlaceNote(databasePath: databasePath).uri else { return }
        throw StartFailure(
            "The server of '\(databasePath)' keeps its artifacts in '\(uri)'. Say so with --artifacts-destination '\(uri)' or in "
                + "MLFLOW_ARTIFACTS_DESTINATION, and set the variables of the server (AWS_ACCESS_KEY_ID and others), so that this "
                + "command finds them."
        )
    }

    /// Throws if the artifacts should be in a folder that does not exist.
    func requireArtifactFolder() throws(StartFailure) {
        if let fault = artifactFolderFault { throw fault }
    }

    /// The failure to find a folder of artifacts that a flag or variable names, or that a database elsewhere cannot tell; nil
    /// if there is one.
    ///
    /// The folder beside a database in SQLite is made with its first file.
    var artifactFolderFault: StartFailure? {
        guard artifactBucket == nil, namesArtifacts || postgres != nil, FileKind(artifactsPath) != .folder else {
            return nil
        }
        return StartFailure(
            "There is no folder of artifacts at '\(artifactsPath)'. Name the place in which the servers of the data keep artifacts, "
                + "a folder or s3://BUCKET/PREFIX, with --artifacts-destination or in MLFLOW_ARTIFACTS_DESTINATION."
        )
    }

    /// The location of the artifacts if they are in a bucket, which the last server may have noted.
    var knownBucket: String? {
        artifactBucket?.uri ?? (namesArtifacts ? nil : ArtifactPlaceNote(databasePath: databasePath).uri)
    }
}
