extension TrackingClient {
    /// The files and folders directly in a folder.
    ///
    /// - Parameter path: relative to the artifacts of the run or model; nil for the outermost folder.
    public func listArtifacts(_ owner: ArtifactOwner, path: String? = nil) async throws(MLflowError) -> [FileInfo] {
        try await perform { client throws(MLflowError) in try client.listArtifacts(owner, path: path) }
    }

    /// Uploads a file piece by piece; replaces an existing artifact with this path.
    ///
    /// - Parameters:
    ///   - localPath: the path of the file, which must not change during the upload.
    ///   - path: the path of the artifact, with its file name.
    public func logArtifact(_ owner: ArtifactOwner, localPath: String, path: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.logArtifact(owner, localPath: localPath, path: path)
        }
    }

    /// Uploads bytes as a file; replaces an existing artifact with this path.
    ///
    /// - Parameter path: the path of the artifact, with its file name.
    public func logArtifact(_ owner: ArtifactOwner, bytes: [UInt8], path: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.logArtifact(owner, bytes: bytes, path: path) }
    }

    /// Downloads a file piece by piece.
    ///
    /// The file is at `localPath` only when it is complete.
    ///
    /// - Parameters:
    ///   - path: the path of the artifact.
    ///   - localPath: the path of the new file; an existing file is replaced.
    public func downloadArtifact(_ owner: ArtifactOwner, path: String, localPath: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.downloadArtifact(owner, path: path, localPath: localPath)
        }
    }

    /// The content of a small file.
    ///
    /// - Parameter maximumBytes: the largest size; a larger file is an error.
    public func readArtifact(
        _ owner: ArtifactOwner,
        path: String,
        maximumBytes: Int = 64 << 20
    ) async throws(MLflowError) -> [UInt8] {
        try await perform { client throws(MLflowError) in
            try client.readArtifact(owner, path: path, maximumBytes: maximumBytes)
        }
    }
}
