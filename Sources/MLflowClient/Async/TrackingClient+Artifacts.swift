extension TrackingClient {
    /// The files and folders directly in a folder.
    ///
    /// - Parameter path: relative to the artifacts of the run or model; nil for the outermost folder.
    public func listArtifacts(_ owner: ArtifactOwner, path: String? = nil) async throws(MLflowError) -> [FileInfo] {
        try await perform { client throws(MLflowError) in try client.listArtifacts(owner, path: path) }
    }

    /// Uploads a file, piece by piece; one of this name is replaced.
    ///
    /// - Parameters:
    ///   - localPath: of the file, which must not change meanwhile.
    ///   - path: of the artifact, with its name.
    public func logArtifact(_ owner: ArtifactOwner, localPath: String, path: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.logArtifact(owner, localPath: localPath, path: path)
        }
    }

    /// Uploads bytes as a file; one of this name is replaced.
    ///
    /// - Parameter path: of the artifact, with its name.
    public func logArtifact(_ owner: ArtifactOwner, bytes: [UInt8], path: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in try client.logArtifact(owner, bytes: bytes, path: path) }
    }

    /// Downloads a file, piece by piece; it appears under its name when it is complete.
    ///
    /// - Parameters:
    ///   - path: of the artifact.
    ///   - localPath: where it goes, with its name; a file there is replaced.
    public func downloadArtifact(_ owner: ArtifactOwner, path: String, localPath: String) async throws(MLflowError) {
        try await perform { client throws(MLflowError) in
            try client.downloadArtifact(owner, path: path, localPath: localPath)
        }
    }

    /// The content of a small file.
    ///
    /// - Parameter maximumBytes: a longer one is an error.
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
