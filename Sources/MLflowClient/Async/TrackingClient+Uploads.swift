extension TrackingClient {
    /// Uploads files with a manifest of their names, sizes and hashes; never throws.
    ///
    /// A file is left out where the server has one of the same size and the manifest of an earlier upload the same hash. So
    /// an upload that was interrupted goes on where it ended.
    ///
    /// - Parameter folder: where the files and the manifest go, relative to the artifacts of the run or model.
    public func uploadFiles(
        _ files: [LocalArtifact],
        to owner: ArtifactOwner,
        folder: String
    ) async -> UploadReport {
        await perform { $0.uploadFiles(files, to: owner, folder: folder) }
    }

    /// Uploads all files of a folder of this machine, as `uploadFiles` does; never throws.
    ///
    /// - Parameters:
    ///   - localFolder: is searched with all folders in it; links to folders are left out.
    ///   - folder: where the files and the manifest go, relative to the artifacts of the run or model.
    public func uploadFolder(
        _ localFolder: String,
        to owner: ArtifactOwner,
        folder: String
    ) async -> UploadReport {
        await perform { $0.uploadFolder(localFolder, to: owner, folder: folder) }
    }

    /// Downloads all files that a manifest lists, and checks their sizes and hashes.
    ///
    /// - Parameters:
    ///   - folder: of the manifest, relative to the artifacts of the run or model.
    ///   - localFolder: must exist; folders in it are made.
    /// - Throws: `.malformedAnswer` for a file that is not as its manifest says.
    public func downloadUpload(
        from owner: ArtifactOwner,
        folder: String,
        localFolder: String
    ) async throws(MLflowError) -> ArtifactManifest {
        try await perform { client throws(MLflowError) in
            try client.downloadUpload(from: owner, folder: folder, localFolder: localFolder)
        }
    }
}
