extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/uploadFiles(_:to:folder:)``.
    public func uploadFiles(_ files: [LocalArtifact], to owner: ArtifactOwner, folder: String) -> UploadReport {
        let upload = FolderUpload(client: self, owner: owner, folder: folder)
        upload.send(files)
        return upload.report
    }

    /// The blocking form of ``TrackingClient/uploadFolder(_:to:folder:)``.
    public func uploadFolder(_ localFolder: String, to owner: ArtifactOwner, folder: String) -> UploadReport {
        do throws(MLflowError) {
            return uploadFiles(try LocalFolder.files(localFolder), to: owner, folder: folder)
        } catch {
            var report = UploadReport()
            report.failures.append(UploadReport.Failure(path: folder, error: error))
            return report
        }
    }

    /// The blocking form of ``TrackingClient/downloadUpload(from:folder:localFolder:)``.
    public func downloadUpload(
        from owner: ArtifactOwner,
        folder: String,
        localFolder: String
    ) throws(MLflowError) -> ArtifactManifest {
        let bytes = try readArtifact(owner, path: "\(folder)/\(ArtifactManifest.fileName)")
        let manifest = try ArtifactManifest(parsing: bytes)
        for file in manifest.files {
            // The manifest comes from the server, so its paths are checked: they must not lead out of the folder.
            let target = "\(localFolder)/\(try Self.checkedArtifactPath(file.path))"
            try LocalFile.makeFolders(of: target)
            try downloadArtifact(owner, path: "\(folder)/\(file.path)", localPath: target)
            let (size, sha256) = try LocalFile.digest(target)
            guard size == file.size, sha256 == file.sha256 else {
                throw .malformed("the file '\(file.path)' does not have the size and the hash that its manifest says")
            }
        }
        return manifest
    }
}

/// An upload of files into one folder.
private final class FolderUpload {
    let client: BlockingTrackingClient
    let owner: ArtifactOwner
    let folder: String
    private(set) var report = UploadReport()
    private var manifest: [ArtifactManifest.File] = []
    /// The sizes of the server's files, by path; filled folder by folder.
    private var sizes: [String: Int64] = [:]
    private var listedFolders: Set<String> = []
    private var bytesSinceManifest: Int64 = 0
    /// The number of bytes after which a manifest is sent; if the program is killed, at most about this much is sent again.
    private static let maximumBytesSinceManifest: Int64 = 32 << 20

    init(client: BlockingTrackingClient, owner: ArtifactOwner, folder: String) {
        self.client = client
        self.owner = owner
        self.folder = folder
    }

    func send(_ files: [LocalArtifact]) {
        let earlierHashes = hashesOfEarlierUpload()
        for file in files { send(file, earlierHashes) }
        sendManifest()
    }

    /// Sends a manifest of the files that the server has, also after failures, so that the next upload sends only the rest.
    private func sendManifest() {
        let path = "\(folder)/\(ArtifactManifest.fileName)"
        attempt(path) { () throws(MLflowError) in
            try client.logArtifact(owner, bytes: ArtifactManifest(manifest).json, path: path)
        }
        bytesSinceManifest = 0
    }

    private func send(_ file: LocalArtifact, _ earlierHashes: [String: String]) {
        let path = "\(folder)/\(file.path)"
        attempt(path) { () throws(MLflowError) in
            let (size, sha256) = try LocalFile.digest(file.localPath)
            if earlierHashes[file.path] == sha256, try sizeOnServer(path) == size {
                report.skipped.append(path)
            } else {
                try client.logArtifact(owner, localPath: file.localPath, path: path)
                report.uploaded.append(path)
                bytesSinceManifest += size
            }
            manifest.append(ArtifactManifest.File(path: file.path, size: size, sha256: sha256))
        }
        if bytesSinceManifest >= Self.maximumBytesSinceManifest { sendManifest() }
    }

    private func attempt(_ path: String, _ step: () throws(MLflowError) -> Void) {
        do throws(MLflowError) { try step() } catch {
            report.failures.append(UploadReport.Failure(path: path, error: error))
        }
    }

    /// The hashes in the manifest of an earlier upload, by path; empty if no manifest can be read, so that every file is sent.
    ///
    /// The folder is listed first: MLflow 2.22 answers 500 if a file that does not exist is read, and the client would repeat
    /// such a call.
    private func hashesOfEarlierUpload() -> [String: String] {
        let path = "\(folder)/\(ArtifactManifest.fileName)"
        guard (try? sizeOnServer(path)) != nil, let bytes = try? client.readArtifact(owner, path: path),
            let manifest = try? ArtifactManifest(parsing: bytes)
        else { return [:] }
        return Dictionary(manifest.files.map { ($0.path, $0.sha256) }) { $1 }
    }

    private func sizeOnServer(_ path: String) throws(MLflowError) -> Int64? {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        if listedFolders.insert(parent).inserted {
            // Servers leave out the size of an empty file.
            for file in try client.listArtifacts(owner, path: parent) where !file.isDirectory {
                sizes[file.path] = file.fileSize ?? 0
            }
        }
        return sizes[path]
    }
}
