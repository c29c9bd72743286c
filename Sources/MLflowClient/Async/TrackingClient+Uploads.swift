extension TrackingClient {
    /// Uploads files with a manifest of their names, sizes and hashes; never throws.
    ///
    /// A file is skipped if the server has a file of the same size at its path and the manifest of an earlier upload
    /// has the same hash for it. An upload that was interrupted can therefore be continued.
    ///
    /// - Parameter folder: the folder for the files and the manifest, relative to the artifacts of the run or model.
    public func uploadFiles(_ files: [LocalArtifact], to owner: ArtifactOwner, folder: String) async -> UploadReport {
        await perform { $0.uploadFiles(files, to: owner, folder: folder) }
    }

    /// Uploads all files of a folder of this machine, as `uploadFiles` does; never throws.
    ///
    /// - Parameters:
    ///   - localFolder: the folder to upload with its subfolders; links to folders are left out.
    ///   - folder: the folder for the files and the manifest, relative to the artifacts of the run or model.
    public func uploadFolder(_ localFolder: String, to owner: ArtifactOwner, folder: String) async -> UploadReport {
        await perform { $0.uploadFolder(localFolder, to: owner, folder: folder) }
    }

    /// Downloads all files that a manifest lists, and checks their sizes and hashes.
    ///
    /// - Parameters:
    ///   - folder: the folder of the manifest, relative to the artifacts of the run or model.
    ///   - localFolder: the folder for the files, which must exist; missing subfolders are made.
    /// - Throws: `.malformedAnswer` for a file whose size or hash differs from the manifest.
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
